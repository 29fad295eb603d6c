import { describe, expect, it } from '@jest/globals';
import { changeCustomer, type CustomerInput, eraseCustomer, existing, registerCustomer, statedBy } from './customer.js';
import { CustomerErased, CustomerNotFound, InvalidCustomer } from './errors.js';

const MORNING = '2026-11-23T08:00:00.000Z';
const NOON = '2026-11-23T12:00:00.000Z';

const address = { type: 'SHIPPING', address1: '1', city: 'c', state: 's', postalCode: 'p' } as const;
const input: CustomerInput = {
  name: { firstName: 'Ada', lastName: 'Lovelace' },
  contact: { email: 'ada@example.com' },
  addresses: [address],
};
const visa = { type: 'PRIMARY', number: '4111 1111-1111 1111', expiration: '12/30', nameOnCard: 'Ada' } as const;

function register(stated: CustomerInput = input) {
  return registerCustomer('c-1', stated, MORNING).state;
}

function brokenRules(decide: () => unknown) {
  try {
    decide();
  } catch (error) {
    if (error instanceof InvalidCustomer) return error.errors;
    throw error;
  }
  throw new Error('it breaks no rule');
}

describe('registering a customer', () => {
  it('gives version 1, both times and the country by default', () => {
    const { state, type } = registerCustomer('c-1', input, MORNING);
    expect(state).toEqual({
      id: 'c-1',
      version: 1,
      ...input,
      addresses: [{ ...address, country: 'US' }],
      createdAt: MORNING,
      updatedAt: MORNING,
    });
    expect(type).toBe('registered');
  });

  it('stores a card without its number', () => {
    const { creditCards } = register({ ...input, creditCards: [visa] });
    expect(creditCards).toEqual([
      { type: 'PRIMARY', brand: 'VISA', last4: '1111', expiration: '12/30', nameOnCard: 'Ada' },
    ]);
  });

  it('reports every broken rule at once, without a value', () => {
    const broken = brokenRules(() =>
      register({
        ...input,
        addresses: [address, { ...address, type: 'BILLING' }, address],
        creditCards: [
          { ...visa, number: '4111111111111112' },
          { ...visa, last4: '1111', number: undefined },
        ],
      }),
    );
    expect(broken.map(({ pointer }) => pointer)).toEqual([
      '/addresses/2/type',
      '/creditCards/1/type',
      '/creditCards/0/number',
      '/creditCards/1/last4',
    ]);
    expect(JSON.stringify(broken)).not.toMatch(/\d{4}/);
  });
});

describe('changing a customer', () => {
  it('increments the version and keeps createdAt', () => {
    const customer = register();
    const change = changeCustomer(
      customer,
      { ...input, name: { firstName: 'Ada', lastName: 'King', title: 'Ms' } },
      NOON,
    );
    expect(change).toMatchObject({ type: 'changed', state: { version: 2, createdAt: MORNING, updatedAt: NOON } });
    expect(change.state.name).toEqual({ firstName: 'Ada', lastName: 'King', title: 'Ms' });
  });

  it('keeps the content if it equals the current one', () => {
    const customer = register({ ...input, creditCards: [visa] });
    const again = { ...customer, version: 2, updatedAt: NOON };
    expect(changeCustomer(customer, statedBy(customer), NOON).state).toEqual(again);
    expect(changeCustomer(customer, { ...input, creditCards: [visa] }, NOON).state).toEqual(again);
  });

  it('keeps a card on file that is sent back as it was read, with its new description', () => {
    const customer = register({ ...input, creditCards: [visa] });
    const [held] = customer.creditCards ?? [];
    const relabelled = { ...held, description: 'everyday' } as never;
    const change = changeCustomer(customer, { ...input, creditCards: [relabelled] }, NOON);
    expect(change.state.creditCards).toEqual([{ ...held, description: 'everyday' }]);
  });

  it.each([
    ['another last4', { last4: '4242' }],
    ['another brand', { brand: 'AMEX' }],
    ['another expiration', { expiration: '01/31' }],
    ['another name', { nameOnCard: 'Eve' }],
  ])('refuses a card without its number that has %s', (_what, difference) => {
    const customer = register({ ...input, creditCards: [visa] });
    const forged = { ...customer.creditCards?.[0], ...difference } as never;
    const broken = brokenRules(() => changeCustomer(customer, { ...input, creditCards: [forged] }, NOON));
    expect(broken.map(({ pointer }) => pointer)).toEqual(['/creditCards/0/last4']);
  });

  it('never moves updatedAt backwards when the clock is behind', () => {
    const noon = registerCustomer('c-1', input, NOON).state;
    expect(changeCustomer(noon, { ...input, addresses: [] }, MORNING).state.updatedAt).toBe(NOON);
  });
});

describe('erasing a customer', () => {
  it('leaves the id, the version and the times, and forgets stored responses', () => {
    const change = eraseCustomer(register({ ...input, creditCards: [visa] }), NOON);
    const state = { id: 'c-1', version: 2, erased: true, createdAt: MORNING, updatedAt: NOON };
    expect(change).toEqual({ type: 'erased', state, forgets: true });
  });

  it('leaves a record that no command or query accepts', () => {
    const { state } = eraseCustomer(register(), NOON);
    expect(() => existing(state)).toThrow(CustomerErased);
    expect(() => existing(undefined)).toThrow(CustomerNotFound);
  });
});
