import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type TemporaryFolder, temporaryFolder } from '../src/platform/testing/temporary-folder.js';
import { LogWorld } from './support/log-world.js';
import { openEmbeddedDatabase } from '../src/platform/embedded/database.js';
import { LogProjector } from '../src/platform/rebuilding/projector.js';
import { dropExpired, inspectionSuffix, KEPT_FOR_DAYS, madeAt } from '../src/platform/rebuilding/inspection.js';

const UNTIL = '2026-11-23T04:10:20.697Z';
const NOW = new Date('2026-11-25T12:00:00.500Z');

describe('the name of a rebuild for inspection', () => {
  it('tells when it was made', () => {
    const suffix = inspectionSuffix(UNTIL, NOW);

    expect(suffix).toBe('until-20261123T041020697Z.made-20261125');
    expect(madeAt(`customers.${suffix}`)).toBe(Date.parse('2026-11-25'));
  });

  it.each([
    ['customers.until-20261123T041020697Z', 0],
    ['customers', undefined],
    ['customers.rebuild-3f', undefined],
    ['until-20261123T041020Z', undefined],
  ])('%s: made at %s', (name, made) => {
    expect(madeAt(name)).toBe(made);
  });
});

describe('rebuilds for inspection of an embedded database', () => {
  let folder: TemporaryFolder;

  beforeEach(async () => {
    folder = await temporaryFolder();
  });

  afterEach(() => folder.remove());

  it('are dropped when they have expired, or all, and nothing else is', async () => {
    const day = 24 * 60 * 60 * 1000;
    const named = (days: number) => `data.${inspectionSuffix(UNTIL, new Date(NOW.getTime() - days * day))}`;
    const [fresh, expired] = [named(KEPT_FOR_DAYS - 1), named(KEPT_FOR_DAYS + 1)];
    for (const name of [fresh, expired]) {
      for (const context of ['accounts', 'orders']) mkdirSync(join(folder.path, name, context), { recursive: true });
    }
    mkdirSync(join(folder.path, 'other.until-20261123T041020Z', 'accounts'), { recursive: true });
    const database = await openEmbeddedDatabase(join(folder.path, 'data', 'accounts'));
    try {
      await dropExpired(database, NOW.getTime());
      expect(readdirSync(join(folder.path, expired))).toEqual(['orders']);
      expect(readdirSync(join(folder.path, fresh))).toEqual(['accounts', 'orders']);

      await database.dropInspections();
      expect(readdirSync(join(folder.path, fresh))).toEqual(['orders']);
      expect(readdirSync(join(folder.path, 'other.until-20261123T041020Z'))).toEqual(['accounts']);
      expect(await database.check()).toEqual({ up: true });
    } finally {
      await database.close();
    }
  });
});

describe('a rebuild as of a time', () => {
  it('has nobody who was erased since', async () => {
    const world = await LogWorld.open();
    try {
      const events = await world.publish([{ changes: 1, erased: true }]);
      // All that the log tells happened later.
      const until = '2025-01-01T00:00:00.000Z';
      for (const name of ['accounts', 'orders'] as const) {
        const live = world.live(name);
        const fold = await LogProjector.start(world.bus, live, { signal: new AbortController().signal, until });
        await fold.caughtUp();
        await fold.stop();
        const states = live.collections.find(({ collection }) => /accounts|customers/.test(collection))!;
        const [erased] = await states.pick([events[0]!.subject]);
        expect(erased?.content).toMatchObject({ version: 3, state: { erased: true } });
      }
    } finally {
      await world.close();
    }
  });
});
