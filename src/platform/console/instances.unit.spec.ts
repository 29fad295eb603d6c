import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedBus } from '../embedded/bus.js';
import { openEmbeddedDatabase } from '../embedded/database.js';
import { INSTANCES_TOPIC } from '../log/topics.js';
import { eventually } from '../testing/eventually.js';
import { silentLogger } from '../testing/silent-logger.js';
import { flowAt, type InstanceStatus } from './flow.js';
import { Instances } from './instances.js';

const MINUTE_MS = 60_000;

/** @param clockMs how far the instance's clock is ahead */
function statusOf(id: string, clockMs = 0): InstanceStatus {
  return {
    ...{ id, name: id, modules: [id], version: '1', commit: 'c', startedAt: '', status: 'ready' },
    ...{ at: new Date(Date.now() + clockMs).toISOString(), down: {}, consumers: [], memoryBytes: 1 },
    ...{ commands: 0, reads: 0, failures: 0, outboxes: [], copies: [], jobs: [], settings: {}, publishedBytes: {} },
  };
}

describe('the instances that one finds', () => {
  let bus: EmbeddedBus;
  let instances: Instances;

  beforeEach(async () => {
    bus = new EmbeddedBus(await openEmbeddedDatabase('memory'), silentLogger);
    const own = () => Promise.resolve(statusOf('own'));
    instances = new Instances({ bus, id: 'own', own, isShared: true, logger: silentLogger });
  });

  afterEach(() => bus.close());

  /** All in one partition, as the topic has one. */
  const state = (...values: unknown[]) =>
    bus.publish(
      INSTANCES_TOPIC,
      values.map((value) => ({ key: Buffer.from('one'), value: Buffer.from(JSON.stringify(value)), headers: {} })),
    );

  const found = async () => (await instances.all()).map(({ id, status }) => [id, status]);

  it.each([-10, 10])('are there, although the clock of another one differs by %i minutes', async (minutes) => {
    await state(statusOf('other', minutes * MINUTE_MS), statusOf('another', minutes * MINUTE_MS));
    await eventually(async () => {
      expect(await found()).toEqual([
        ['own', 'ready'],
        ['another', 'ready'],
        ['other', 'ready'],
      ]);
    });
  });

  it('are gone when they have not stated themselves since an old statement of this one', async () => {
    await state(statusOf('killed'), statusOf('gone', 10 * MINUTE_MS), statusOf('own', -20_000), statusOf('stays'));
    await eventually(async () => {
      expect(await found()).toEqual([
        ['own', 'ready'],
        ['gone', 'gone'],
        ['killed', 'gone'],
        ['stays', 'ready'],
      ]);
    });
  });

  it('are not shown any more two minutes after their last statement', async () => {
    await state(statusOf('forgotten'), statusOf('own', -3 * MINUTE_MS), statusOf('stays'));
    await eventually(async () => {
      expect(await found()).toEqual([
        ['own', 'ready'],
        ['stays', 'ready'],
      ]);
    });
  });

  it('are shown without what nobody understands of them', async () => {
    const strange = {
      jobs: 5,
      outboxes: [null],
      copies: {},
      consumers: [{ group: 1 }],
      down: [],
      name: {},
      commands: 'x',
    };
    await state(null, 'text', { id: 5 }, { ...statusOf('odd'), at: 'yesterday' }, { ...statusOf('other'), ...strange });
    const all = await eventually(async () => {
      const shown = await instances.all();
      expect(shown.map(({ id }) => id)).toEqual(['own', 'other']);
      return shown;
    });
    const sample = { at: Date.now(), instances: all, extents: new Map(), lags: [], deadLetters: [] };
    expect(flowAt(sample).flow.instances[1]).toMatchObject({ id: 'other', name: '', consumers: [] });
  });
});
