import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../embedded/database.js';
import { EmbeddedPositions } from '../embedded/positions.js';
import { leaseUntil } from '../log/lease.js';
import { record, Recorder } from '../testing/recorder.js';
import { silentLogger } from '../testing/silent-logger.js';
import { PositionKeeper, type Restoration } from './position-keeper.js';

const TOPIC = 'topic';
const GROUP = 'group';

describe('A position keeper of a topic that was switched to another generation', () => {
  let database: EmbeddedDatabase;
  let positions: EmbeddedPositions;
  let keeper: PositionKeeper;
  let findings: Restoration[];

  beforeEach(async () => {
    database = await openEmbeddedDatabase('memory');
    positions = new EmbeddedPositions(database.level);
    findings = [];
    keeper = new PositionKeeper({
      ...{ group: GROUP, positions, ownTopics: new Set(), logger: silentLogger },
      onRestoration: (finding) => findings.push(finding),
    });
  });

  afterEach(() => database.close());

  const FORMER = 7;
  const continues = { at: 5, after: [{ partition: FORMER, end: 3 }] };
  const reached = (next: number) =>
    positions.advance(GROUP, [{ position: { topic: TOPIC, partition: FORMER, next, last: '' }, from: undefined }]);

  it('begins where the copies end, once its database has everything of the former generation', async () => {
    await reached(3);

    expect(await keeper.hasReached(TOPIC, continues.after)).toBe(true);
    expect(await keeper.startAt(TOPIC, 9, continues)).toBe(5);
  });

  it('begins with the first record if its database lacks some, as after a restore', async () => {
    await reached(2);

    expect(await keeper.hasReached(TOPIC, continues.after)).toBe(false);
    expect(await keeper.startAt(TOPIC, 9, continues)).toBe(0);
  });

  it('has consumed it in its turn where nothing was published after the copies', async () => {
    await reached(3);
    await keeper.startAt(TOPIC, 9, continues);

    expect(await keeper.hasReached(TOPIC, [{ partition: 9, end: 5 }])).toBe(true);
    expect(await keeper.hasReached(TOPIC, [{ partition: 9, end: 6 }])).toBe(false);
  });

  it('skips the copies, too, when it comes back to a generation', async () => {
    await reached(3);
    await positions.advance(GROUP, [{ position: { topic: TOPIC, partition: 9, next: 4, last: '' }, from: undefined }]);

    expect(await keeper.startAt(TOPIC, 9, continues)).toBe(5);
  });

  it('does not take the log for another one where it began', async () => {
    await reached(3);
    const recorder = new Recorder();
    await keeper.startAt(TOPIC, 9, continues);
    await keeper.save();
    const handle = keeper.watch(recorder.handler());

    expect(await keeper.startAt(TOPIC, 9, continues)).toBe(4);
    const copied = { ...record('k', 'the last copy'), topic: TOPIC, partition: 9, offset: 4 };
    await handle([copied], leaseUntil(new AbortController().signal));

    expect(recorder.values).toEqual(['the last copy']);
    expect(findings).toEqual([]);
  });

  it('goes on at its own position, if it has one', async () => {
    await reached(3);
    await positions.advance(GROUP, [{ position: { topic: TOPIC, partition: 9, next: 8, last: '' }, from: undefined }]);

    expect(await keeper.startAt(TOPIC, 9, continues)).toBe(7);
  });
});
