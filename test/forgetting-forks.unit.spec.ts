import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Aggregate, Change } from '../src/platform/aggregate/aggregates.js';
import { type GivenUp, givenUpBy, type Keep } from '../src/platform/rebuilding/forks.js';
import type { Link } from '../src/platform/rebuilding/links.js';
import { findWithPending } from '../src/platform/rebuilding/stored-with-pending.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { get, patch, post } from './support/http.js';
import { MemorySystem } from './support/memory-system.js';
import { attestationOf, erase, expectForgotten, NEWEST, newPerson, type Person } from './support/persons.js';

const CUSTOMERS = 'accounts.customer.change';
const KEEPS: readonly Keep[] = ['log', 'database'];

describe('a fork of somebody who was erased', () => {
  let system: MemorySystem;
  let ada: Person;

  beforeEach(async () => {
    system = await MemorySystem.open();
    await system.start();
    ada = await newPerson(system.urls);
    await system.expectVerified();
    await system.settled(CUSTOMERS);
    await system.stop();
  });
  afterEach(() => system.stop());

  /** Puts a context's database back to where it was, and changes an aggregate there. The log knows nothing of that yet. */
  async function changeRestored(
    context: string,
    backup: Awaited<ReturnType<MemorySystem['backup']>>,
    id: string,
    change: (before: Aggregate) => Change,
  ): Promise<void> {
    await system.restore(context, backup);
    const store = system.opened(context).stores[0]!;
    const before = await store.find(id);
    await store.save(before, { ...change(before!.state), commands: [] });
  }

  const next = <State extends Aggregate>(state: State): State => ({ ...state, version: state.version + 1 });
  const renamed = (state: Aggregate): Change => {
    const { name, ...others } = next(state) as Aggregate & { readonly name: object };
    return { type: 'changed', state: { ...others, name: { ...name, title: 'Here' } } as Aggregate };
  };
  const erased = (state: Aggregate): Change => {
    const { id, version, createdAt, updatedAt } = next(state);
    return { type: 'erased', state: { id, version, createdAt, updatedAt, erased: true }, forgets: true };
  };

  /** Resolves the fork, and returns what is kept of the other branch. */
  async function resolve(context: string, keep: Keep): Promise<string> {
    const givenUp: GivenUp[] = [];
    await system.replay(context, { keep, onGivenUp: (each) => Promise.resolve(void givenUp.push(each)) });
    expect(givenUp).toHaveLength(1);
    return JSON.stringify(givenUp);
  }

  it.each(KEEPS)('ends with the erasure that the log has, whatever the database has (--keep %s)', async (keep) => {
    const backup = await system.backup('accounts');
    await system.start();
    await erase(system.urls, ada);
    await attestationOf(system.urls, ada);
    await system.stop();
    await changeRestored('accounts', backup, ada.id, renamed);

    const kept = await resolve('accounts', keep);

    for (const secret of Object.values(ada.texts)) expect(kept).not.toContain(secret);
    await system.start();
    await expectForgotten(system.urls, ada);
    await system.expectVerified();
  });

  it.each(KEEPS)('ends with the erasure that only the database has (--keep %s)', async (keep) => {
    const backup = await system.backup('accounts');
    await system.start();
    const changed = await patch(`${system.url}/accounts/customers/${ada.id}`, { name: { title: 'There' } });
    expect(changed).toMatchObject({ status: 200 });
    await system.settled(CUSTOMERS);
    await system.stop();
    await changeRestored('accounts', backup, ada.id, erased);

    const kept = await resolve('accounts', keep);

    for (const secret of Object.values(ada.texts)) expect(kept).not.toContain(secret);
    await system.start();
    await eventually(async () => {
      const { status, body } = await get(`${system.url}/accounts/customers/${ada.id}/erasure`);
      expect(status).toBe(200);
      expect(body).toMatchObject({ awaited: [], version: NEWEST + 2 });
    });
    await expectForgotten(system.urls, ada);
    await system.expectVerified();
  });

  it('leaves the former states of others readable in what is kept of the other branch', async () => {
    const [own] = system.opened('accounts').replayable.systemsOfRecord;
    const stored = (await findWithPending(own!.store, ada.id))!;
    const unlogged = { id: ada.id, keep: 'log', stored, links: [], from: {} as Link, givenUp: [] } as const;
    const { history } = await givenUpBy(unlogged, own!, own!.keys, new Map());
    expect(history).toHaveLength(NEWEST);
    for (const { state } of history) expect(JSON.stringify(state)).toContain(ada.texts.street);
  });

  it.each(KEEPS)('of an order ends without personal data (--keep %s)', async (keep) => {
    const open = ada.orders[2] as string;
    const backup = await system.backup('orders');
    await system.start();
    expect(await post(`${system.url}/orders/${open}/ship`)).toMatchObject({ status: 200 });
    await erase(system.urls, ada);
    await attestationOf(system.urls, ada);
    await system.stop();
    await changeRestored('orders', backup, open, (state) => ({
      type: 'cancelled',
      state: {
        ...next(state),
        status: 'CANCELLED',
        cancelReason: ada.texts.reason,
      } as Aggregate,
    }));

    const kept = await resolve('orders', keep);

    for (const secret of Object.values(ada.texts)) expect(kept).not.toContain(secret);
    await system.start();
    await expectForgotten(system.urls, ada);
    await system.expectVerified();
  });
});
