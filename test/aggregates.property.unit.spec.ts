import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  changeCustomer,
  type CustomerInput,
  type CustomerRecord,
  eraseCustomer,
  registerCustomer,
} from '../src/accounts/domain/customer.js';
import type { CustomerCopy } from '../src/orders/domain/customer.js';
import { cancelOrder, type Order, placeOrder, redactOrder, shipOrder } from '../src/orders/domain/order.js';
import { changesIn } from '../src/platform/aggregate/pending-event.js';
import { isCodedError } from '../src/platform/tools/errors.js';
import { customerInput, items } from './support/arbitraries.js';

interface State {
  readonly id: string;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

interface Step<S extends State> {
  readonly before: S | undefined;
  readonly state: S;
  readonly changed: readonly string[];
  readonly now: string;
}

type Decision<S extends State> = (state: S, now: string) => { state: S } | undefined;

/** A clock that may also go back, as those of two instances do. */
const clock = fc.date({ min: new Date('2026-01-01'), max: new Date('2026-12-31'), noInvalidDate: true });

/** What has changed of a state: not its version and times, which every event changes. */
function contentOf({ id: _i, version: _v, createdAt: _c, updatedAt: _u, ...content }: State): object {
  return content;
}

/** `before` with what the pointers name taken from `after`. */
function withChanged(before: object, after: object, changed: readonly string[]): unknown {
  const result = structuredClone(before) as Record<string, unknown>;
  for (const pointer of changed) {
    const names = pointer
      .slice(1)
      .split('/')
      .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = names.pop() as string;
    const inside = (value: object) =>
      names.reduce((parent, name) => parent[name] as Record<string, unknown>, value as Record<string, unknown>);
    const value = inside(after)[last];
    if (value === undefined) Reflect.deleteProperty(inside(result), last);
    else inside(result)[last] = value;
  }
  return JSON.parse(
    JSON.stringify(result, (_name, value) => (Array.isArray(value) ? Object.values(value as unknown[]) : value)),
  );
}

function valueAt(value: object, pointer: string): unknown {
  const names = pointer.slice(1).split('/');
  return names.reduce<unknown>((parent, name) => (parent as Record<string, unknown> | undefined)?.[name], value);
}

/** Makes decisions one after the other; one that is refused or changes nothing leaves everything as it is. */
function run<S extends State>(first: S, decisions: readonly (readonly [Decision<S>, Date])[]): Step<S>[] {
  const steps: Step<S>[] = [
    { before: undefined, state: first, changed: changesIn(undefined, first), now: first.createdAt },
  ];
  for (const [decide, time] of decisions) {
    const before = (steps.at(-1) as Step<S>).state;
    const untouched = structuredClone(before);
    const now = time.toISOString();
    const change = refusable(() => decide(before, now));
    expect(before).toEqual(untouched);
    const changed = change ? changesIn(before, change.state) : [];
    if (change && changed.length > 0) steps.push({ before, state: change.state, changed, now });
  }
  return steps;
}

function refusable<T>(decide: () => T): T | undefined {
  try {
    return decide();
  } catch (error) {
    if (isCodedError(error)) return undefined;
    throw error;
  }
}

function expectSoundSteps<S extends State>(steps: readonly Step<S>[]): void {
  for (const [index, { before, state, changed, now }] of steps.entries()) {
    expect(state.version).toBe(index + 1);
    expect(state.createdAt).toBe(steps[0]?.state.createdAt);
    expect(state.updatedAt).toBe([now, before?.updatedAt ?? ''].sort().at(-1));
    const [was, is] = [before ? contentOf(before) : {}, contentOf(state)];
    expect(withChanged(was, is, changed)).toEqual(is);
    for (const pointer of changed) expect(valueAt(was, pointer)).not.toEqual(valueAt(is, pointer));
    expect(new Set(changed).size).toBe(changed.length);
    expect(changed).not.toEqual([]);
  }
}

describe('a customer, whatever is done to it', () => {
  const change = customerInput.map(
    (input): Decision<CustomerRecord> =>
      (state, now) =>
        'erased' in state ? undefined : changeCustomer(state, input, now),
  );
  const patch = fc.string({ minLength: 1 }).map(
    (title): Decision<CustomerRecord> =>
      (state, now) =>
        'erased' in state
          ? undefined
          : changeCustomer(state, { ...state, name: { ...state.name, title } } as CustomerInput, now),
  );
  const erase = fc.constant<Decision<CustomerRecord>>((state, now) =>
    'erased' in state ? undefined : eraseCustomer(state, now),
  );
  const decision = fc.oneof({ arbitrary: change, weight: 4 }, { arbitrary: patch, weight: 4 }, erase);

  it('has versions with no gap, and names exactly what is different', () => {
    fc.assert(
      fc.property(customerInput, clock, fc.array(fc.tuple(decision, clock), { maxLength: 12 }), (input, time, done) => {
        const first = registerCustomer('c-1', input, time.toISOString());
        const steps = run<CustomerRecord>(first.state, done);
        expectSoundSteps(steps.filter(({ state }) => !('erased' in state)));
        const erasure = steps.find(({ state }) => 'erased' in state);
        if (!erasure) return;
        expect(erasure).toBe(steps.at(-1));
        expect(Object.keys(erasure.state).sort()).toEqual(['createdAt', 'erased', 'id', 'updatedAt', 'version']);
        expect(erasure.state.version).toBe(steps.length);
        const { erased: _, ...person } = { erased: true, ...contentOf(erasure.before as State) };
        expect([...erasure.changed].sort()).toEqual(
          Object.keys(person)
            .map((name) => `/${name}`)
            .sort(),
        );
      }),
    );
  });
});

const NOBODY: CustomerInput = { name: { firstName: 'A', lastName: 'B' }, contact: { email: 'a@b' }, addresses: [] };

describe('an order, whatever is done to it', () => {
  const customerOf = ({ name, contact, addresses }: CustomerInput, version: number): CustomerCopy => ({
    id: 'c-1',
    version,
    name,
    contact,
    addresses: addresses.map((address) => ({ ...address, country: address.country ?? 'US' })),
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
  });
  const ship = fc.tuple(customerInput, fc.nat()).map(
    ([input, version]): Decision<Order> =>
      (order, now) =>
        shipOrder(order, customerOf(input, version + 1), now),
  );
  const cancel = fc.option(fc.string(), { nil: undefined }).map(
    (reason): Decision<Order> =>
      (order, now) =>
        cancelOrder(order, reason, now),
  );
  const redact = fc.constant<Decision<Order>>(redactOrder);
  const done = fc.array(fc.tuple(fc.oneof(ship, cancel, redact), clock), { maxLength: 8 });

  it('has versions with no gap, and names exactly what is different', () => {
    fc.assert(
      fc.property(items, clock, done, (lines, time, decisions) => {
        const first = placeOrder('o-1', customerOf(NOBODY, 1), lines, time.toISOString());
        const steps = run<Order>(first.state, decisions);
        expectSoundSteps(steps);
        for (const { state } of steps) {
          expect([state.items, state.total, state.customerId]).toEqual([lines, first.state.total, 'c-1']);
          const isRedacted = state.redactedAt !== undefined;
          expect(state.shipTo !== undefined).toBe(state.status === 'SHIPPED' && !isRedacted);
          if (state.status !== 'CANCELLED' || isRedacted) expect(state).not.toHaveProperty('cancelReason');
        }
        const statuses = steps.map(({ state }) => state.status);
        expect(new Set(statuses).size).toBeLessThanOrEqual(2);
        expect(steps.length).toBeLessThanOrEqual(3);
      }),
    );
  });
});
