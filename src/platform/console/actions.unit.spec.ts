import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EmbeddedBus } from '../embedded/bus.js';
import { openEmbeddedDatabase } from '../embedded/database.js';
import { ACTIONS_TOPIC } from '../log/topics.js';
import { eventually } from '../testing/eventually.js';
import { silentLogger } from '../testing/silent-logger.js';
import { unavailable } from '../tools/errors.js';
import { Actions } from './actions.js';

const REDRIVE = { actor: 'ada', action: 'redrive', target: 'orders' };

describe('the audit list', () => {
  let bus: EmbeddedBus;
  let stopping: AbortController;
  let actions: Actions;

  beforeEach(async () => {
    bus = new EmbeddedBus(await openEmbeddedDatabase('memory'), silentLogger);
    stopping = new AbortController();
    actions = new Actions({ bus, stopping: stopping.signal, logger: silentLogger });
  });

  afterEach(async () => {
    stopping.abort();
    await bus.close();
  });

  const outcomes = async () => (await actions.newest()).map(({ outcome }) => outcome);

  /** Lets the log refuse what is published while `work` runs. */
  async function refused(work: () => Promise<void>): Promise<void> {
    const publishing = jest.spyOn(bus, 'publish').mockRejectedValue(unavailable('Kafka does not answer'));
    await work();
    publishing.mockRestore();
  }

  it('has the outcome of an action, and of one that failed', async () => {
    expect(
      await actions.record(
        REDRIVE,
        () => Promise.resolve(3),
        (count) => `${count} redriven`,
      ),
    ).toBe(3);
    const failure = new Error('with a value');
    await expect(actions.record(REDRIVE, () => Promise.reject(failure), String)).rejects.toBe(failure);
    expect(await outcomes()).toEqual(['failed: Error', '3 redriven']);
  });

  it('lets nothing be done that it cannot have', async () => {
    const work = jest.fn(() => Promise.resolve());
    await refused(async () => {
      await expect(actions.record(REDRIVE, work, () => 'done')).rejects.toMatchObject({ kind: 'unavailable' });
    });
    expect(work).not.toHaveBeenCalled();
  });

  it('gets an outcome later that the log did not take at first, and the action has succeeded meanwhile', async () => {
    const id = await actions.begin(REDRIVE);
    await refused(() => actions.end(id, REDRIVE, '3 redriven'));
    await eventually(async () => expect(await outcomes()).toEqual(['3 redriven']));
  });

  it('has the order of the log, although clocks differ, and nothing that is no action', async () => {
    const entry = (id: string, time: string) => JSON.stringify({ id, time, ...REDRIVE, outcome: id });
    const values = [
      '{',
      'null',
      '[]',
      '{"id":"x"}',
      entry('one', '2026-01-01T00:10:00Z'),
      entry('two', '2026-01-01T00:00:00Z'),
    ];
    const records = values.map((value) => ({ key: Buffer.from('actions'), value: Buffer.from(value), headers: {} }));
    await bus.publish(ACTIONS_TOPIC, [...records, { key: Buffer.from('actions'), value: null, headers: {} }]);
    expect(await outcomes()).toEqual(['two', 'one']);
  });
});
