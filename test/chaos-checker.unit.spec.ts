import { describe, expect, it } from '@jest/globals';
import { check } from '../scripts/chaos/check.mjs';
import { type Call, customerContent } from '../scripts/chaos/facts.mjs';
import { done, eventOf, type Facts, goodFacts, stateOf, storesOf } from './support/chaos-facts.js';

/** What the checker finds once something has been altered. */
function findingsAfter(alter: (facts: Facts) => void): string[] {
  const facts = goodFacts();
  alter(facts);
  return check(facts).map(({ sort, what }) => `${sort}: ${what}`);
}

/** The log without a version, and all that follows from it. */
function withoutVersion(facts: Facts, id: string, version: number): void {
  facts.events = facts.events.filter((event) => event.id !== id || event.content.version !== version);
  const { customerHistory, orderHistory } = storesOf(facts.events);
  facts.stores = { ...facts.stores, customerHistory, orderHistory };
}

function replace(facts: Facts, version: number, more: object): void {
  facts.events = facts.events.map((event) =>
    event.kind === 'customer' && event.content.version === version ? { ...event, ...more } : event,
  );
}

describe('the checker of chaos', () => {
  it('finds nothing where acknowledged = stored = logged in order = copied', () => {
    expect(findingsAfter(() => undefined)).toEqual([]);
  });

  it('allows a record twice', () => {
    expect(findingsAfter(({ events }) => void events.push({ ...events[1]!, offset: 99 }))).toEqual([]);
  });

  it.each([
    ['in the middle', 2],
    ['at the end', 4],
  ])('finds an event that is lost %s, once', (_, version) => {
    const findings = findingsAfter((facts) => withoutVersion(facts, 'customer-1', version));
    const lost = findings.filter((finding) => finding.startsWith('lost'));
    expect(lost).toEqual([`lost: version ${version} was acknowledged (patch), not logged`]);
  });

  it('finds an event that is lost of a change that nobody was told of', () => {
    const findings = findingsAfter((facts) => {
      facts.calls = facts.calls.filter(({ marker, kind }) => marker !== 'M2' && kind !== 'read');
      withoutVersion(facts, 'customer-1', 2);
    });
    expect(findings).toContain('lost: the log has no version 2 of 4');
  });

  it('finds an order of which nothing is logged', () => {
    const findings = findingsAfter((facts) => {
      withoutVersion(facts, 'order-1', 1);
      withoutVersion(facts, 'order-1', 2);
    });
    expect(findings).toContain('lost: version 1 was acknowledged (place), not logged');
    expect(findings).toContain('lost: it is stored and in no log');
  });

  it('finds versions in another order', () => {
    const findings = findingsAfter(({ events }) => void events.splice(1, 2, events[2]!, events[1]!));
    expect(findings).toEqual([expect.stringMatching(/^reordered: version 2 comes after 3/)]);
  });

  it('finds an aggregate in two partitions', () => {
    expect(findingsAfter((facts) => replace(facts, 3, { partition: 1 }))).toEqual([
      'reordered: the log has it in partitions 3, 1',
    ]);
  });

  it('finds two events under one version', () => {
    const findings = findingsAfter(({ events }) => void events.push({ ...events[1]!, eventId: 'another', offset: 99 }));
    expect(findings).toEqual(['diverged: two events are version 2: partition 3, offset 20 and partition 3, offset 99']);
  });

  it('finds an event that does not follow on the one before it, and one that was altered', () => {
    expect(findingsAfter((facts) => replace(facts, 3, { prevhash: 'another' }))).toContain(
      'diverged: version 3 does not follow on 2 by its hash',
    );
    expect(findingsAfter((facts) => replace(facts, 3, { isWhole: false }))).toContain(
      'diverged: version 3 is not what its hash says',
    );
  });

  it('finds a change that was acknowledged with another content', () => {
    const content = customerContent(stateOf(2, { title: 'M99' }));
    const findings = findingsAfter(({ calls }) => void calls.splice(1, 1, { ...calls[1]!, content }));
    expect(findings).toEqual(['diverged: version 2 was acknowledged with another content than is logged (patch)']);
  });

  it('finds a change that undoes another one', () => {
    const content = customerContent(stateOf(3, {}, { secondaryPhone: '1-M3' }));
    const findings = findingsAfter((facts) => replace(facts, 3, { content }));
    expect(findings).toContain('diverged: version 3 changes title, counter');
  });

  it('finds a read-modify-write that is lost', () => {
    const content = customerContent(stateOf(4, { title: 'M2' }, { secondaryPhone: '1-M4' }));
    const findings = findingsAfter((facts) => replace(facts, 4, { content }));
    expect(findings).toContain('diverged: lost update: the counter goes from 1 to 1');
    expect(findings).toContain('diverged: 2 increments acknowledged, 1 counted');
  });

  it('finds more increments than were sent, and allows those that were not answered', () => {
    const unanswered = (call: Call): Call => ({ ...call, outcome: 'unknown', status: 0 });
    expect(findingsAfter(({ calls }) => void calls.splice(4, 1, unanswered(calls[4]!)))).toEqual([]);
    const findings = findingsAfter(({ calls }) => void calls.splice(4, 1));
    expect(findings).toEqual(['diverged: M4 was written by nobody', 'diverged: 1 increments sent, 2 counted']);
  });

  it('finds an answer under minVersion that is older', () => {
    const findings = findingsAfter(({ calls, events }) => {
      const { content } = events[2]!;
      calls.splice(5, 1, { ...calls[5]!, content: { ...content, digest: String(content.copy) } });
    });
    expect(findings).toEqual(['diverged: stale: version 3 was answered under minVersion=4']);
  });

  it('finds an answer that is no state that there was', () => {
    const content = customerContent(stateOf(2, { title: 'M77' }));
    expect(findingsAfter(({ calls }) => void calls.splice(2, 1, { ...calls[2]!, content }))).toEqual([
      'diverged: version 2 was answered with another content than is logged (read)',
    ]);
  });

  it('finds a POST that made two orders, whether it was answered or not', () => {
    const twice = (facts: Facts) => {
      const placed = facts.events.find(({ kind }) => kind === 'order')!;
      facts.events.push(eventOf('order', 'order-2', placed.content));
      facts.stores = storesOf(facts.events);
    };
    const finding = expect.stringMatching(/^diverged: one place \(M5\) was carried out 2 times/);
    expect(findingsAfter(twice)).toEqual([finding]);
    const unanswered = findingsAfter((facts) => {
      twice(facts);
      facts.calls = facts.calls.filter(({ kind }) => kind !== 'ship');
      const place = facts.calls.at(-1)!;
      facts.calls.splice(-1, 1, { ...place, outcome: 'unknown', status: 503 });
    });
    expect(unanswered).toEqual([finding]);
  });

  it('finds two answers to one idempotent POST', () => {
    const findings = findingsAfter(({ calls }) => void calls.push({ ...calls[6]!, id: 'order-9', start: 80, end: 85 }));
    expect(findings).toContain('diverged: M5 was answered with order-1 and order-9');
  });

  it('finds a change that was refused and carried out', () => {
    const findings = findingsAfter(
      ({ calls }) => void calls.splice(3, 1, { ...calls[3]!, outcome: 'refused', status: 412 }),
    );
    expect(findings).toContain('diverged: patch (M3) was refused with 412 and carried out');
  });

  it('finds what exists answered with 404, and answers that nobody should get', () => {
    const refused = { outcome: 'refused' } as const;
    expect(
      findingsAfter(({ calls }) => void calls.push(done('read-order', 80, { id: 'order-1', ...refused, status: 404 }))),
    ).toEqual(['lost: read-order was answered 404']);
    expect(
      findingsAfter(
        ({ calls }) => void calls.push(done('read', 80, { id: 'customer-1', outcome: 'unknown', status: 500 })),
      ),
    ).toEqual(['unexpected: read was answered 500']);
  });

  it.each([
    ['is missing', (facts: Facts) => void facts.stores.customers.pop(), 'lost: version 4 is logged and nothing stored'],
    [
      'is older than the log',
      ({ stores, events }: Facts) => void (stores.customers[0]!.content = events[1]!.content),
      'lost: version 4 is logged, 2 stored',
    ],
    [
      'is something else',
      ({ stores }: Facts) => void (stores.customers[0]!.hash = 'another'),
      'diverged: version 4 is stored with another content or hash than is logged',
    ],
    [
      'waits to be published',
      ({ stores }: Facts) => void (stores.orders[0]!.pending = 2),
      'diverged: 2 of its events wait in the outbox',
    ],
  ])('finds a document that %s', (_, alter, finding) => {
    expect(findingsAfter(alter)).toEqual([finding]);
  });

  it('finds a copy that is missing, behind or something else', () => {
    expect(findingsAfter(({ stores }) => void stores.copies.pop())).toEqual([
      'diverged: orders has no copy of version 4',
    ]);
    expect(findingsAfter(({ stores }) => void (stores.copies[0]!.version = 3))).toEqual([
      "diverged: orders' copy is version 3 of 4",
    ]);
    expect(findingsAfter(({ stores }) => void (stores.copies[0]!.digest = 'another'))).toEqual([
      "diverged: orders' copy of version 4 is not what accounts published",
    ]);
  });

  it('finds a history that lacks a version, has one twice, or another event', () => {
    const history = ({ stores }: Facts) => stores.customerHistory;
    expect(findingsAfter((facts) => void history(facts).splice(1, 1))).toEqual([
      'diverged: its history has no version 2',
    ]);
    expect(findingsAfter((facts) => void history(facts).push(history(facts)[1]!))).toEqual([
      'diverged: its history has version 2 twice',
    ]);
    expect(findingsAfter((facts) => void (history(facts)[1]!.eventId = 'another'))).toEqual([
      'diverged: its history has another event as version 2 than the log',
    ]);
  });

  describe('of a customer who was erased', () => {
    const erased = customerContent({ id: 'customer-1', version: 5, erased: true, createdAt: 'T1', updatedAt: 'T5' });
    const erase = (facts: Facts) => {
      facts.calls.push(done('erase', 80, { id: 'customer-1', status: 204 }));
      facts.events.push(eventOf('customer', 'customer-1', erased));
      facts.stores = storesOf(facts.events);
    };
    const findingsOnceErased = (alter: (facts: Facts) => void) =>
      findingsAfter((facts) => {
        erase(facts);
        alter(facts);
      });

    it('finds nothing where nothing is left', () => {
      expect(findingsOnceErased(() => undefined)).toEqual([]);
    });

    it('finds an erasure that is not logged', () => {
      expect(findingsAfter(({ calls }) => void calls.push(done('erase', 80, { id: 'customer-1' })))).toEqual([
        'lost: the log has no erasure',
      ]);
    });

    it('finds her in the store, in the copy, in the history and in orders', () => {
      expect(
        findingsOnceErased(({ stores, events }) => void (stores.customers[0]!.content = events[3]!.content)),
      ).toContain('diverged: it was erased and is stored again');
      expect(findingsOnceErased(({ stores }) => void (stores.copies[0]!.erased = false))).toEqual([
        'diverged: it was erased and orders has a copy',
      ]);
      expect(findingsOnceErased(({ stores }) => void (stores.customerHistory[1]!.personal = true))).toEqual([
        'diverged: its history has the person of version 2, who was erased',
      ]);
      expect(findingsOnceErased(({ stores }) => void (stores.orders[0]!.personal = true))).toEqual([
        'diverged: an order of somebody who was erased keeps an address or a reason',
      ]);
    });

    it('finds that orders answers with her again', () => {
      const findings = findingsOnceErased(({ calls, events }) => {
        const { content } = events[3]!;
        calls.push(done('read-copy', 90, { id: 'customer-1', outcome: 'refused', status: 410 }));
        calls.push(done('read-copy', 100, { id: 'customer-1', content: { ...content, digest: String(content.copy) } }));
      });
      expect(findings).toEqual(['diverged: orders answered with a customer that it had said is erased']);
    });
  });
});
