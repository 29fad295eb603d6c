import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { historiesOf } from '../scripts/chaos/check/histories.mjs';
import { readChains } from '../scripts/chaos/check/log.mjs';
import { customerContent } from '../scripts/chaos/facts.mjs';
import { buildChecker, checkHistories } from '../scripts/chaos/linearizability.mjs';
import { done, eventOf, type Facts, goodFacts } from './support/chaos-facts.js';
import { describeUnlessMissing } from '../src/platform/testing/own-servers-needed.js';

const CUSTOMER = { id: 'customer-1' };

describeUnlessMissing(process.env.NO_GO, 'no Go', 'the linearizability of a customer', () => {
  let [folder, program] = ['', ''];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chaos-'));
    program = await buildChecker(folder);
  }, 180_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function verdictAfter(alter: (facts: Facts) => void) {
    const facts = goodFacts();
    alter(facts);
    const [verdict] = await checkHistories(program, historiesOf(facts.calls, readChains(facts.events)));
    return verdict;
  }

  it('is there where each answer follows on those before it', async () => {
    expect(await verdictAfter(() => undefined)).toEqual({ id: 'customer-1', result: 'Ok', calls: 4 });
  });

  it('is not there when a read answers what was overwritten before it began', async () => {
    const stale = await verdictAfter(({ calls, events }) => {
      calls.push(done('read', 60, { ...CUSTOMER, content: events[1]!.content }));
    });
    expect(stale).toMatchObject({ result: 'Illegal', stuck: expect.stringContaining('"kind":"read"') });
  });

  it('is there when the read was under way at that time', async () => {
    const concurrent = await verdictAfter(({ calls, events }) => {
      calls.push({ ...done('read', 32, { ...CUSTOMER, content: events[1]!.content }), end: 90 });
    });
    expect(concurrent?.result).toBe('Ok');
  });

  it('is not there when two changes were acknowledged as one version', async () => {
    const double = await verdictAfter(({ calls, events }) => {
      calls.push(done('patch', 60, { ...CUSTOMER, marker: 'M9', field: 'title', content: events[3]!.content }));
    });
    expect(double?.result).toBe('Illegal');
  });

  it('is not there when a change was refused as stale that was not', async () => {
    const refusal = { outcome: 'refused', status: 412, expected: 4 } as const;
    const stale = done('patch', 60, { ...CUSTOMER, marker: 'M9', field: 'title', ...refusal });
    expect((await verdictAfter(({ calls }) => void calls.push(stale)))?.result).toBe('Illegal');
    const rightly = { ...stale, expected: 3 };
    expect((await verdictAfter(({ calls }) => void calls.push(rightly)))?.result).toBe('Ok');
  });

  it('lets a change that was not answered happen later, or not at all', async () => {
    const unanswered = { outcome: 'unknown', status: 0 } as const;
    const never = done('patch', 5, { ...CUSTOMER, marker: 'M9', field: 'title', ...unanswered });
    expect((await verdictAfter(({ calls }) => void calls.push(never)))?.result).toBe('Ok');
    const later = await verdictAfter(({ calls }) => {
      // It took effect between two others, long after its client had given up.
      calls.splice(3, 1, { ...calls[3]!, start: 11, end: 12, ...unanswered });
    });
    expect(later?.result).toBe('Ok');
    const before = await verdictAfter(({ calls }) => {
      // What it led to was read before it was sent.
      calls.splice(3, 1, { ...calls[3]!, start: 90, end: 95, ...unanswered });
    });
    expect(before?.result).toBe('Illegal');
  });

  it('ends with an erasure', async () => {
    const erased = customerContent({ id: 'customer-1', version: 5, erased: true, createdAt: 'T1', updatedAt: 'T5' });
    const erase = ({ calls, events }: Facts) => {
      calls.push(done('erase', 60, { ...CUSTOMER, status: 204 }));
      events.push(eventOf('customer', 'customer-1', erased));
    };
    const gone = done('read', 70, { ...CUSTOMER, outcome: 'refused', status: 410 });
    const both = (facts: Facts, ...more: readonly (typeof gone)[]) => {
      erase(facts);
      facts.calls.push(...more);
    };
    expect((await verdictAfter((facts) => both(facts, gone)))?.result).toBe('Ok');
    const back = await verdictAfter((facts) =>
      both(facts, gone, done('read', 80, { ...CUSTOMER, content: facts.events[3]!.content })),
    );
    expect(back?.result).toBe('Illegal');
  });
});
