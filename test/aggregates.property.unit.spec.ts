import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  changeCustomer,
  type CustomerInput,
  type CustomerRecord,
  eraseCustomer,
  registerCustomer,
} from '../src/accounts/domain/customer.js';
import type { Customer as KnownCustomer } from '../src/orders/domain/customer.js';
import { cancelOrder, type Order, placeOrder, redactOrder, shipOrder } from '../src/orders/domain/order.js';
import { changedPointers } from '../src/platform/event/changed-pointers.js';
import { isCodedError } from '../src/platform/errors.js';
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
  readonly carried: S;
  readonly changed: readonly string[];
  readonly now: string;
}

type Decision<S extends State> = (
  state: S,
  circumstances: { now: string; compare: typeof changedPointers },
) => { state: S; event: { data: { changed: string[] } } } | undefined;

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
function run<S extends State>(
  first: { readonly state: S; readonly event: { readonly data: { readonly changed: string[] } } },
  carried: (event: unknown) => S,
  decisions: readonly (readonly [Decision<S>, Date])[],
): Step<S>[] {
  const { state, event } = first;
  const steps = [
    { before: undefined, state, carried: carried(event), changed: event.data.changed, now: state.createdAt },
  ] as Step<S>[];
  for (const [decide, time] of decisions) {
    const before = (steps.at(-1) as Step<S>).state;
    const untouched = structuredClone(before);
    const now = time.toISOString();
    const change = refusable(() => decide(before, { now, compare: changedPointers }));
    expect(before).toEqual(untouched);
    if (!change) continue;
    const { data } = change.event;
    steps.push({ before, state: change.state, carried: carried(change.event), changed: data.changed, now });
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
  for (const [index, { before, state, carried, changed, now }] of steps.entries()) {
    expect(state.version).toBe(index + 1);
    expect(carried).toEqual(state);
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
      (state, circumstances) =>
        'erased' in state ? undefined : changeCustomer(state, input, circumstances),
  );
  const patch = fc.string({ minLength: 1 }).map(
    (title): Decision<CustomerRecord> =>
      (state, circumstances) =>
        'erased' in state
          ? undefined
          : changeCustomer(state, { ...state, name: { ...state.name, title } } as CustomerInput, circumstances),
  );
  const erase = fc.constant<Decision<CustomerRecord>>((state, circumstances) =>
    'erased' in state ? undefined : eraseCustomer(state, circumstances),
  );
  const decision = fc.oneof({ arbitrary: change, weight: 4 }, { arbitrary: patch, weight: 4 }, erase);

  it('has versions with no gap, events that carry all of it, and names exactly what is different', () => {
    fc.assert(
      fc.property(customerInput, clock, fc.array(fc.tuple(decision, clock), { maxLength: 12 }), (input, time, done) => {
        const circumstances = { now: time.toISOString(), compare: changedPointers };
        const carried = (event: unknown) => (event as { data: { customer: CustomerRecord } }).data.customer;
        const first = registerCustomer('c-1', input, circumstances);
        const steps = run<CustomerRecord>(first, carried, done);
        expectSoundSteps(steps.filter(({ state }) => !('erased' in state)));
        const erasure = steps.find(({ state }) => 'erased' in state);
        if (!erasure) return;
        expect(erasure).toBe(steps.at(-1));
        expect(Object.keys(erasure.state).sort()).toEqual(['createdAt', 'erased', 'id', 'updatedAt', 'version']);
        expect(erasure.carried).toEqual(erasure.state);
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
  const customerOf = ({ name, contact, addresses }: CustomerInput, version: number): KnownCustomer => ({
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
      (order, circumstances) =>
        shipOrder(order, customerOf(input, version + 1), circumstances),
  );
  const cancel = fc.option(fc.string(), { nil: undefined }).map(
    (reason): Decision<Order> =>
      (order, circumstances) =>
        cancelOrder(order, reason, circumstances),
  );
  const redact = fc.constant<Decision<Order>>(redactOrder);
  const done = fc.array(fc.tuple(fc.oneof(ship, cancel, redact), clock), { maxLength: 8 });

  it('has versions with no gap, events that carry all of it, and names exactly what is different', () => {
    fc.assert(
      fc.property(items, clock, done, (lines, time, decisions) => {
        const circumstances = { now: time.toISOString(), compare: changedPointers };
        const first = placeOrder('o-1', customerOf(NOBODY, 1), lines, circumstances);
        const steps = run<Order>(first, (event) => (event as { data: { order: Order } }).data.order, decisions);
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
