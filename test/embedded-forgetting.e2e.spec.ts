import { describe, expect, it } from '@jest/globals';
import { eventually } from '../src/platform/testing/eventually.js';
import { attestationOf, erase, expectForgotten, expectRemembered, newPerson, type Person } from './support/persons.js';
import { runCommand } from './support/run-command.js';
import { type RunningProcess, serve, temporaryDirectory } from './support/run-process.js';
import { filesIn, tracesOf } from './support/traces.js';
import { expectVerified } from './support/verified.js';

describe('an erasure on the embedded backends', () => {
  it('leaves nothing of the person on disk, not even the encrypted key', async () => {
    const DATA_DIR = temporaryDirectory();
    const settings = { DATA_DIR, LOG_LEVEL: 'trace' };
    const run = (...args: string[]) => runCommand({ DATA_DIR }, ...args);
    const first = await serve(settings).ready();
    const early = await newPerson(urlsOf(first));
    const [earlyKey] = wrappedKeysIn(DATA_DIR);
    const stays = await newPerson(urlsOf(first));
    // What was written until now is in other files than what is written from now on.
    expect(await first.kill('SIGTERM')).toMatchObject({ code: 0 });
    const second = await serve(settings).ready();
    const before = wrappedKeysIn(DATA_DIR);
    const late = await newPerson(urlsOf(second));
    const [lateKey] = wrappedKeysIn(DATA_DIR).filter((key) => !before.includes(key));
    const keys = { 'key of early': String(earlyKey), 'key of late': String(lateKey) };
    const texts = { ...named('early', early), ...named('late', late), ...keys };
    for (const name of Object.keys(texts)) {
      expect(tracesOf(texts, filesIn(DATA_DIR))).toContainEqual(expect.stringContaining(`${name} in`));
    }

    for (const person of [early, late]) await erase(urlsOf(second), person);

    for (const person of [early, late]) {
      const { destroyedKey } = await attestationOf(urlsOf(second), person);
      expect(destroyedKey).toMatch(/^[0-9a-f]{32}$/);
      await expectForgotten(urlsOf(second), person);
    }
    await eventually(() => expect(tracesOf(texts, filesIn(DATA_DIR))).toEqual([]));
    await expectRemembered(urlsOf(second), stays);
    expect(await second.kill('SIGTERM')).toMatchObject({ code: 0 });
    expect(tracesOf(texts, [...filesIn(DATA_DIR), ['the output', first.output + second.output]])).toEqual([]);

    await expectVerified({ DATA_DIR });
    for (const module of ['accounts', 'orders']) {
      expect(await run('replay', '--module', module, '--dry-run')).toMatchObject({ code: 0 });
      expect(await run('replay', '--module', module)).toMatchObject({ code: 0 });
    }
    await expectVerified({ DATA_DIR });
    expect((await run('events', 'get', stays.id, '--module', 'accounts')).stdout).toContain(stays.texts['last name']);
    expect((await run('events', 'get', early.id, '--module', 'accounts')).stdout).toContain('"forgotten":true');
    expect((await run('erasures', 'show', early.id, '--module', 'accounts')).code).toBe(0);
    expect(tracesOf(texts, filesIn(DATA_DIR))).toEqual([]);
    const third = await serve(settings).ready();
    for (const person of [early, late]) await expectForgotten(urlsOf(third), person);
    await expectRemembered(urlsOf(third), stays);
  }, 120_000);
});

function urlsOf({ url }: RunningProcess) {
  return { accounts: url, orders: url };
}

function named(whose: string, { texts }: Person): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [`${name} of ${whose}`, text]));
}

/** The encrypted keys in documents of persons, as far as they are readable in files that LevelDB has not compressed yet. */
function wrappedKeysIn(directory: string): string[] {
  const contents = filesIn(`${directory}/accounts`).map(([, content]) => content.toString('latin1'));
  const keys = contents.flatMap((content) =>
    [...content.matchAll(/"wrapped":"([\w+/=]{40,})"/g)].map(([, key]) => key),
  );
  return [...new Set(keys as string[])];
}
