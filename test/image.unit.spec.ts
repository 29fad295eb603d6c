import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { NODE_OPTIONS, START } from '../scripts/start-command.mjs';
import { documentedCommands } from '../scripts/images/commands.mjs';
import { CONTEXTS } from '../src/contexts.js';

describe('the Dockerfile', () => {
  const [, runtime = '', ...images] = readFileSync('Dockerfile', 'utf8')
    .split(/^(?=FROM )/m)
    .slice(1);

  it('has an image for each context, and they differ in the module alone', () => {
    const [first = '', ...others] = CONTEXTS.map(({ name }) => name);
    const image = images[0]?.trim() ?? '';
    expect(image).toMatch(new RegExp(`^FROM runtime AS ${first}\n`));
    expect(image).toContain(`CMD ["serve", "--module", "${first}"]`);
    expect(images.slice(1).map((each) => each.trim())).toEqual(others.map((name) => image.replaceAll(first, name)));
  });

  it('starts the process as `npm start` does, without a shell and without a build', () => {
    const [, entrypoint = '[]'] = /^ENTRYPOINT (.*)$/m.exec(runtime) ?? [];
    expect([...(JSON.parse(entrypoint) as string[]), 'serve']).toEqual(START);
    expect(NODE_OPTIONS).toEqual(['--max-semi-space-size=32', '--heap-growing-percent=200']);
  });
});

describe('the check of the images', () => {
  it('runs each command that the documents list', () => {
    const checked = documentedCommands('orders').map((command) => command.join(' '));
    for (const command of ['verify', 'replay', 'republish', 'dlt list', 'outbox list', 'topics check', 'config'])
      expect(checked).toContain(`${command} --module orders`);
    expect(checked.filter((command) => command.includes('accounts'))).toEqual([]);
  });
});

describe('the context of an image', () => {
  it('has every script that the build runs', () => {
    const allowed = readFileSync('.dockerignore', 'utf8').split('\n');
    const scripts = new Set(['scripts/build.mjs']);
    for (const script of scripts) {
      const imports = readFileSync(script, 'utf8').matchAll(/'(\.\/[\w/-]+\.mjs)'/g);
      for (const [, imported] of imports) scripts.add(join(dirname(script), String(imported)));
    }
    expect(scripts.size).toBeGreaterThan(2);
    const missing = [...scripts].map((script) => `!${script.split('/').slice(0, 2).join('/')}`);
    expect(missing.filter((line) => !allowed.includes(line))).toEqual([]);
  });
});
