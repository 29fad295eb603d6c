import { describe, expect, it } from '@jest/globals';
import { CARD_NUMBERS, expectOffences } from './client.js';
import { address, card, customerPath, register, stated, unique } from './fixtures.js';
import type { System } from './system.js';

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export function registering(system: () => System): void {
  const client = () => system().client;
  const post = (body: unknown) => client().post('/accounts/customers', body);

  describe('registering a customer', () => {
    it('answers 201 with Location, ETag "1" and the customer, which can be read there', async () => {
      const input = stated();
      const answer = await post(input);
      expect(answer.status).toBe(201);
      expect(answer.body).toEqual({
        ...input,
        id: expect.any(String),
        version: 1,
        addresses: [{ ...input.addresses[0], country: 'US' }],
        createdAt: expect.stringMatching(RFC_3339),
        updatedAt: answer.body.createdAt,
      });
      expect(answer.headers.get('location')).toBe(customerPath(answer.body.id));
      expect(answer.headers.get('etag')).toBe('"1"');
      const read = await client().get(answer.headers.get('location') ?? '');
      expect([read.status, read.headers.get('etag'), read.body]).toEqual([200, '"1"', answer.body]);
    });

    it('keeps every optional field as it was stated, and no other', async () => {
      const input = stated({
        name: { title: 'Ms', firstName: 'Ada', middleName: 'King', lastName: 'Lovelace', suffix: 'I' },
        contact: { email: `${unique()}@example.com`, primaryPhone: '+1 202', secondaryPhone: '' },
        addresses: [
          address('BILLING', { description: 'home', address2: '2nd floor', country: 'GB' }),
          address('SHIPPING'),
          address('SHIPPING_ALTERNATE', { country: 'DE' }),
        ],
        creditCards: [],
      });
      const { id, version, createdAt, updatedAt, ...kept } = await register(client(), input);
      expect([version, createdAt]).toEqual([1, updatedAt]);
      expect(kept).toEqual({ ...input, addresses: input.addresses.map((each) => ({ country: 'US', ...each })) });
      expect(id).not.toBe('');
    });

    it('takes a customer with no address', async () => {
      expect(await register(client(), { addresses: [] })).toMatchObject({ addresses: [] });
    });

    it('keeps text as it is, in any script and with characters that mean something elsewhere', async () => {
      const name = { firstName: 'Źdźbło 𝒜 \u202e', lastName: 'O\'$where; \\ {"$ne": 1} <b> % \u0000 ~/.' };
      const { id } = await register(client(), { name });
      expect((await client().get(customerPath(id))).body.name).toEqual(name);
    });

    it('gives two customers different ids', async () => {
      const [one, other] = await Promise.all([register(client()), register(client())]);
      expect(one.id).not.toBe(other.id);
    });
  });

  describe('a credit card', () => {
    it.each([
      ['visa', 'VISA', '1111'],
      ['mastercard', 'MASTERCARD', '4444'],
      ['amex', 'AMEX', '0005'],
    ] as const)('comes back with its brand and last four digits and no number: %s', async (which, brand, last4) => {
      const { creditCards, id } = await register(client(), {
        creditCards: [{ ...card('ALTERNATE', CARD_NUMBERS[which]), description: 'blue' }],
      });
      const { number: _, ...rest } = card('ALTERNATE');
      expect(creditCards).toEqual([{ ...rest, description: 'blue', brand, last4 }]);
      expect((await client().get(customerPath(id))).body.creditCards).toEqual(creditCards);
    });

    it('may be stated with blanks and dashes', async () => {
      const { creditCards } = await register(client(), { creditCards: [card('PRIMARY', '4111 1111-1111 1111')] });
      expect(creditCards).toEqual([expect.objectContaining({ brand: 'VISA', last4: '1111' })]);
    });

    it.each([
      ['fails the Luhn check', { number: CARD_NUMBERS.broken }],
      ['is too short', { number: '42' }],
      ['is too long', { number: '4'.repeat(40) }],
      ['has letters in it', { number: '4111x1111x1111x1111' }],
      ['is empty', { number: '' }],
      ['is not there', {}],
    ])('is refused when its number %s', async (_what, number) => {
      const { number: _, ...rest } = card();
      expectOffences(await post(stated({ creditCards: [{ ...rest, ...number }] })), ['/creditCards/0/number']);
    });

    it('whose number is a JSON number is refused', async () => {
      const numeric = { ...card(), number: Number(CARD_NUMBERS.visa) };
      expectOffences(await post(stated({ creditCards: [numeric] })), ['/creditCards/0/number']);
    });

    it('leaves no trace of its number in the databases or on the bus', async () => {
      const creditCards = [card('PRIMARY', CARD_NUMBERS.mastercard), card('ALTERNATE', CARD_NUMBERS.amex)];
      const { id } = await register(client(), { creditCards });
      const event = await system().event(id, 1);
      // The event is sealed, so what is in it is seen as a reader with the key sees it.
      expect(Object.keys(event.data as object).sort()).toEqual(['changed', 'customer', 'sealed']);
      const opened = JSON.stringify(await system().openEvent(event));
      expect(opened).toContain('"last4":"4444"');
      for (const text of [JSON.stringify(event), opened]) {
        for (const number of Object.values(CARD_NUMBERS)) expect(text).not.toContain(number);
      }
      expect(await system().tracesOf(Object.values(CARD_NUMBERS))).toEqual([]);
    });
  });

  describe('a customer that breaks rules', () => {
    it('is refused with every one that the schema has named at once', async () => {
      const wrong = {
        name: { title: 5, firstName: '', lastName: 'x'.repeat(101), middleName: null, nickname: 'A' },
        contact: { email: 'nobody', primaryPhone: 'x'.repeat(51) },
        addresses: [{ type: 'HOME', address1: '', city: 7, postalCode: 'x'.repeat(21), country: 'usa', 'a/b~c': 1 }],
        creditCards: [{ ...card(), type: 'GOLD', expiration: '13/30', nameOnCard: '', last4: '12', cvv: '123' }],
        loyalty: 'gold',
      };
      expectOffences(await post(wrong), [
        '/name/title',
        '/name/firstName',
        '/name/lastName',
        '/name/middleName',
        '/name/nickname',
        '/contact/email',
        '/contact/primaryPhone',
        '/addresses/0/type',
        '/addresses/0/address1',
        '/addresses/0/city',
        '/addresses/0/state',
        '/addresses/0/postalCode',
        '/addresses/0/country',
        '/addresses/0/a~1b~0c',
        '/creditCards/0/type',
        '/creditCards/0/expiration',
        '/creditCards/0/nameOnCard',
        '/creditCards/0/last4',
        '/creditCards/0/cvv',
        '/loyalty',
      ]);
    });

    it('is refused with every one of the rules between fields named at once', async () => {
      const wrong = stated({
        addresses: [address('BILLING'), address('SHIPPING'), address('BILLING')],
        creditCards: [card('PRIMARY', CARD_NUMBERS.broken), { ...card(), last4: '4444' }],
      });
      expectOffences(await post(wrong), [
        '/addresses/2/type',
        '/creditCards/0/number',
        '/creditCards/1/type',
        '/creditCards/1/last4',
      ]);
    });

    it.each([
      ['nothing in it', {}, ['/name', '/contact', '/addresses']],
      ['no names', stated({ name: {} }), ['/name/firstName', '/name/lastName']],
      ['four addresses', stated({ addresses: Array(4).fill(address('BILLING')) }), ['/addresses']],
      ['null where an object is', stated({ contact: null }), ['/contact']],
      ['its id stated', stated({ id: 'mine' }), ['/id']],
      ['its version stated', stated({ version: 7 }), ['/version']],
    ])('is refused: %s', async (_what, body, pointers) => {
      expectOffences(await post(body), pointers);
    });

    it.each([[null], [[]], ['text'], [5], [true]])('is refused when it is no object at all: %j', async (body) => {
      expectOffences(await post(body), ['']);
    });
  });
}
