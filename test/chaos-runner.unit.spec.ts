import { describe, expect, it } from '@jest/globals';
import { faults, schedule } from '../scripts/chaos/faults.mjs';
import { randomFrom } from '../scripts/chaos/random.mjs';
import { table } from '../scripts/chaos/report.mjs';
import { done } from './support/chaos-facts.js';

describe('the faults of chaos', () => {
  const namesOf = (seed: number, count: number) => {
    const made = schedule(faults, randomFrom(seed));
    return Array.from({ length: count }, () => made.next().value.map(({ name }) => name));
  };

  it('have names of their own', () => {
    expect(new Set(faults.map(({ name }) => name)).size).toBe(faults.length);
  });

  it('follow from the seed', () => {
    expect(namesOf(1, 60)).toEqual(namesOf(1, 60));
    expect(namesOf(1, 60)).not.toEqual(namesOf(2, 60));
  });

  it('are made each once before any is made again', () => {
    const made = namesOf(3, faults.length).flat();
    expect([...made.slice(0, faults.length)].sort()).toEqual(faults.map(({ name }) => name).sort());
  });

  it('are of different families where two are made at once', () => {
    const familyOf = new Map(faults.map(({ name, family }) => [name, family]));
    const pairs = namesOf(4, 200).filter(({ length }) => length === 2);
    expect(pairs.length).toBeGreaterThan(10);
    for (const [one = '', other = ''] of pairs) expect(familyOf.get(one)).not.toBe(familyOf.get(other));
  });
});

describe('the table of chaos', () => {
  it('tells of each fault what happened from its beginning to that of the next', () => {
    const timeline = [
      { name: 'kill-broker', start: 100, end: 120, recovered: 1.5 },
      { name: 'replay', start: 200, end: 220, recovered: undefined },
    ];
    const unanswered = { outcome: 'unknown', status: 0, problem: 'timeout' } as const;
    const calls = [
      done('patch', 50, {}),
      done('patch', 110, {}),
      done('read', 110, {}),
      done('patch', 150, unanswered),
      done('patch', 160, { outcome: 'unknown', status: 503 }),
      done('patch', 210, {}),
    ];
    const findings = [
      { sort: 'lost', what: 'a version', at: 115 },
      { sort: 'diverged', what: 'a copy', at: 215 },
    ] as const;
    const rows = table(timeline, calls, findings)
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()));
    expect(rows.slice(2).map((cells) => cells.slice(1, -1))).toEqual([
      ['no fault', '', '1', '', '', '0', '0', '0', '0'],
      ['kill-broker', '1', '1', 'timeout: 1, 503: 1', '1.5 s', '1', '0', '0', '0'],
      ['replay', '1', '1', '', 'not in time', '0', '0', '1', '0'],
      ['all', '2', '3', 'timeout: 1, 503: 1', 'not in time', '1', '0', '1', '0'],
    ]);
  });
});
