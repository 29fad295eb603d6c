import { describe, expect, it } from '@jest/globals';
import { eventually } from '../testing/eventually.js';
import { Commits } from './commits.js';

type Offsets = Parameters<Parameters<Commits['add']>[0]['commitOffsetsIfNecessary']>[0];

const TOPIC = 'customers';

/** Commits whose requests stay open until they are answered. */
function openCommits({ intervalMs = 0 } = {}) {
  const requests: { offsets: Offsets; answer: () => void; refuse: (error: Error) => void }[] = [];
  const failures: unknown[] = [];
  const commits = new Commits((error) => failures.push(error), intervalMs);
  const commitOffsetsIfNecessary = (offsets: Offsets) =>
    new Promise<void>((answer, refuse) => requests.push({ offsets, answer, refuse }));
  const add = (partition: number, next: number) =>
    commits.add({ batch: { topic: TOPIC, partition }, next, commitOffsetsIfNecessary });
  return { commits, requests, failures, add };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
const offsetsOf = (...offsets: [number, string][]) => ({
  topics: [{ topic: TOPIC, partitions: offsets.map(([partition, offset]) => ({ partition, offset })) }],
});

describe('committing offsets', () => {
  it('takes one request for partitions that were handled together', async () => {
    const { add, requests } = openCommits();
    add(0, 5);
    add(3, 7);
    await turn();

    expect(requests.map(({ offsets }) => offsets)).toEqual([offsetsOf([0, '5'], [3, '7'])]);
  });

  it('sends one request at a time, then only the newest offset of each partition', async () => {
    const { add, requests } = openCommits();
    add(0, 1);
    await turn();
    for (const next of [2, 3, 4]) add(0, next);
    add(1, 9);
    await turn();
    expect(requests).toHaveLength(1);

    requests[0]?.answer();
    await turn();

    expect(requests.slice(1).map(({ offsets }) => offsets)).toEqual([offsetsOf([0, '4'], [1, '9'])]);
  });

  it('goes on after a refusal', async () => {
    const { add, requests, failures, commits } = openCommits();
    add(0, 1);
    await turn();
    add(0, 2);
    requests[0]?.refuse(new Error('rebalancing'));
    await turn();
    requests[1]?.answer();
    await commits.settled();
    add(0, 3);
    await turn();

    expect(failures).toEqual([new Error('rebalancing')]);
    expect(requests[2]?.offsets).toEqual(offsetsOf([0, '3']));
  });

  it('is settled once every offset is committed', async () => {
    const { add, requests, commits } = openCommits();
    let isSettled = false;
    add(0, 1);
    await turn();
    add(0, 2);
    void commits.settled().then(() => (isSettled = true));
    requests[0]?.answer();
    await turn();
    expect(isSettled).toBe(false);

    requests[1]?.answer();
    await turn();

    expect(isSettled).toBe(true);
  });

  it('waits between two requests, unless it has to settle', async () => {
    const { add, requests, commits } = openCommits({ intervalMs: 1e8 });
    add(0, 1);
    await turn();
    requests[0]?.answer();
    for (const next of [2, 3]) {
      add(0, next);
      await turn();
    }
    expect(requests).toHaveLength(1);

    const settled = commits.settled();
    await eventually(() => expect(requests).toHaveLength(2), { every: 5 });
    requests[1]?.answer();
    await settled;

    expect(requests[1]?.offsets).toEqual(offsetsOf([0, '3']));
  });

  it('commits nothing of partitions that may belong to others', async () => {
    const { add, requests, commits } = openCommits();
    add(0, 1);
    await turn();
    add(0, 2);
    commits.drop();
    add(1, 7);
    requests[0]?.answer();

    await eventually(() => expect(requests).toHaveLength(2), { every: 5 });
    expect(requests[1]?.offsets).toEqual(offsetsOf([1, '7']));
  });
});
