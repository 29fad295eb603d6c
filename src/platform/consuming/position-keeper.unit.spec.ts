import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { gate } from '../testing/gate.js';
import { record, Recorder } from '../testing/recorder.js';
import { silentLogger } from '../testing/silent-logger.js';
import type { RunningConsumer } from '../log/bus.js';
import { leaseUntil } from '../log/lease.js';
import { EmbeddedBus } from '../embedded/bus.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../embedded/database.js';
import { EmbeddedPositions } from '../embedded/positions.js';
import { type Restoration, PositionKeeper } from './position-keeper.js';

const TOPIC = 'topic';
const GROUP = 'group';

describe('A position keeper', () => {
  let log: EmbeddedBus;
  let database: EmbeddedDatabase;
  let positions: EmbeddedPositions;
  let findings: Restoration[];
  let running: RunningConsumer[];

  beforeEach(async () => {
    log = await newLog();
    database = await openEmbeddedDatabase('memory');
    positions = new EmbeddedPositions(database.level);
    findings = [];
    running = [];
  });

  afterEach(async () => {
    await Promise.all(running.map((each) => each.stop()));
    await log.close();
    await database.close();
  });

  async function newLog(): Promise<EmbeddedBus> {
    return new EmbeddedBus(await openEmbeddedDatabase('memory'), silentLogger);
  }

  const publish = (...values: string[]) =>
    log.publish(
      TOPIC,
      values.map((value) => record('k', value)),
    );

  /** One process of the group. */
  async function join(recorder: Recorder, ownTopics: readonly string[] = []): Promise<PositionKeeper> {
    const keeper = new PositionKeeper({
      group: GROUP,
      positions,
      ownTopics: new Set(ownTopics),
      logger: silentLogger,
      onRestoration: (finding) => findings.push(finding),
    });
    const handlers = new Map([[TOPIC, keeper.watch(recorder.handler())]]);
    const consumption = await log.consume(GROUP, handlers, (topic, partition) => keeper.startAt(topic, partition));
    keeper.attach(consumption);
    running.push(consumption);
    return keeper;
  }

  async function leave(): Promise<void> {
    await Promise.all(running.splice(0).map((each) => each.stop()));
  }

  /** What a first process has read and saved. */
  async function readAndSaved(...values: string[]): Promise<void> {
    await publish(...values);
    const recorder = new Recorder();
    const keeper = await join(recorder);
    await eventually(() => expect(recorder.values).toEqual(values));
    await keeper.save();
    await leave();
  }

  it('does not take what was read before a save for a restored database', async () => {
    await publish('a');
    const recorder = new Recorder();
    const keeper = await join(recorder);
    await eventually(() => expect(recorder.values).toEqual(['a']));
    await keeper.save();
    await publish('b');
    await eventually(() => expect(recorder.values).toEqual(['a', 'b']));
    const [read, saved] = [gate(), gate()];
    const of = positions.of.bind(positions);
    positions.of = async (group) => {
      const found = await of(group);
      read.open();
      await saved.opened;
      return found;
    };

    const looking = keeper.look(TOPIC);
    await read.opened;
    await keeper.save();
    saved.open();
    await looking;

    expect(findings).toEqual([]);
    expect(recorder.values).toEqual(['a', 'b']);
  });

  it('starts where the database is, not where the log says that the group is, and applies no record twice', async () => {
    await readAndSaved('a', 'b');
    const [saved] = await positions.of(GROUP);
    await publish('c', 'd');
    const unsaved = new Recorder();
    await join(unsaved);
    await eventually(() => expect(unsaved.values).toEqual(['c', 'd']));
    // It dies before it saves; the log has its offsets.
    await leave();
    expect(await positions.of(GROUP)).toEqual([saved]);

    const recorder = new Recorder();
    await join(recorder);

    await eventually(() => expect(recorder.values).toEqual(['c', 'd']));
    expect(findings).toEqual([]);
  });

  it('applies again what a database that was restored while it ran lacks', async () => {
    await publish('a', 'b');
    const recorder = new Recorder();
    const keeper = await join(recorder);
    await eventually(() => expect(recorder.values).toEqual(['a', 'b']));
    await keeper.save();
    const backup = await positions.of(GROUP);
    await publish('c', 'd');
    await eventually(() => expect(recorder.values).toEqual(['a', 'b', 'c', 'd']));
    await keeper.save();

    await positions.forget(GROUP, TOPIC);
    await positions.advance(
      GROUP,
      backup.map((position) => ({ position, from: undefined })),
    );
    await keeper.look(TOPIC);

    await eventually(() => expect(recorder.values.slice(4)).toEqual(['c', 'd']));
    expect(findings).toEqual(['database-restored']);
    await keeper.save();
    expect((await positions.of(GROUP)).map(({ next }) => next)).toEqual([4]);
  });

  it('reads everything again for a database that was lost', async () => {
    await publish('a', 'b');
    const recorder = new Recorder();
    const keeper = await join(recorder);
    await eventually(() => expect(recorder.values).toEqual(['a', 'b']));
    await keeper.save();

    await positions.forget(GROUP, TOPIC);
    await publish('c');
    await eventually(() => expect(recorder.values).toEqual(['a', 'b', 'c']));
    await keeper.save();

    await eventually(() => expect(recorder.values.slice(3)).toEqual(['a', 'b', 'c']));
    expect(findings).toEqual(['database-restored']);
  });

  it.each([
    ['is shorter than what was read from it', ['x']],
    ['has another record where the last one was', ['x', 'y', 'z']],
  ])('reads a log of others from its beginning where it %s', async (_, values) => {
    await readAndSaved('a', 'b', 'c');
    await log.close();
    log = await newLog();
    await publish(...values);

    const recorder = new Recorder();
    const keeper = await join(recorder);

    await eventually(() => expect(new Set(recorder.values)).toEqual(new Set(values)));
    expect(findings).toEqual(['log-replaced']);
    await keeper.save();
    await eventually(async () => {
      await keeper.save();
      expect((await positions.of(GROUP)).map(({ next }) => next)).toEqual([values.length]);
    });
  });

  it('keeps the evidence that its own log lacks records until the positions are declared void', async () => {
    await readAndSaved('a', 'b', 'c');
    const evidence = await positions.of(GROUP);
    await log.close();
    log = await newLog();
    await publish('x', 'y', 'z', 'more');
    const recorder = new Recorder();

    const keeper = await join(recorder, [TOPIC]);
    await eventually(() => expect(recorder.values.slice(-4)).toEqual(['x', 'y', 'z', 'more']));
    await keeper.save();

    expect(findings).toEqual(['log-replaced']);
    expect(await positions.of(GROUP)).toEqual(evidence);
    expect(keeper.evidenceOf(TOPIC)).toBe(1);

    await positions.forget(GROUP, TOPIC);
    await keeper.look(TOPIC);
    await keeper.save();

    expect(keeper.evidenceOf(TOPIC)).toBe(0);
    expect((await positions.of(GROUP)).map(({ next }) => next)).toEqual([4]);
    expect(findings).toEqual(['log-replaced']);
  });

  it('does not move a partition back that another member has moved on', async () => {
    await publish('a');
    const recorder = new Recorder();
    const keeper = await join(recorder);
    await eventually(() => expect(recorder.values).toEqual(['a']));
    const [position] = await Promise.all([keeper.save()]).then(() => positions.of(GROUP));
    if (!position) throw new Error('nothing was saved');
    await publish('b');
    await eventually(() => expect(recorder.values).toEqual(['a', 'b']));

    await positions.advance(GROUP, [{ position: { ...position, next: 9, last: 'other' }, from: position.next }]);
    await keeper.save();
    await keeper.save();

    expect((await positions.of(GROUP)).map(({ next }) => next)).toEqual([9]);
    expect(findings).toEqual([]);
  });

  it('does not keep a position of what could not be applied', async () => {
    await publish('a');
    const keeper = new PositionKeeper({
      group: GROUP,
      positions,
      ownTopics: new Set(),
      logger: silentLogger,
      onRestoration: () => undefined,
    });
    const [place] = await log.extents(TOPIC).then((all) => all.filter(({ end }) => end > 0));
    const failing = keeper.watch(() => Promise.reject(new Error('the database is away')));
    const logged = { ...record('k', 'a'), topic: TOPIC, partition: place?.partition ?? 0, offset: 0 };

    await expect(failing([logged], leaseUntil(new AbortController().signal))).rejects.toThrow('the database is away');
    await keeper.save();

    expect(await positions.of(GROUP)).toEqual([]);
  });
});
