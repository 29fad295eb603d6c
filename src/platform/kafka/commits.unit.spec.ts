import { describe, expect, it } from '@jest/globals';
import { Commits } from './commits.js';

type Offsets = Parameters<Parameters<Commits['add']>[0]['commitOffsetsIfNecessary']>[0];

const TOPIC = 'customers';

/** Commits whose requests stay open until they are answered. */
function openCommits() {
  const requests: { offsets: Offsets; answer: () => void; refuse: (error: Error) => void }[] = [];
  const failures: unknown[] = [];
  const commits = new Commits((error) => failures.push(error));
  const commitOffsetsIfNecessary = (offsets: Offsets) =>
    new Promise<void>((answer, refuse) => requests.push({ offsets, answer, refuse }));
  const add = (partition: number, next: number) =>
    commits.add({ batch: { topic: TOPIC, partition }, next, commitOffsetsIfNecessary });
  return { commits, requests, failures, add };
}

const turn = () => new Promise(setImmediate);
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
});
