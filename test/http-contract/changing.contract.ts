import { beforeEach, describe, expect, it } from '@jest/globals';
import { CARD_NUMBERS, expectOffences, expectProblem } from './client.js';
import { address, card, customerPath, historyOf, register, stated, unique } from './fixtures.js';
import type { System } from './system.js';

const UNKNOWN = customerPath('00000000-0000-7000-8000-000000000000');

export function changing(system: () => System): void {
  const client = () => system().client;

  describe('replacing a customer', () => {
    it('answers 200 with the next version, its ETag, and exactly what was stated', async () => {
      const { id, createdAt } = await register(client(), { creditCards: [card()] });
      const next = stated({ name: { firstName: 'Grace', lastName: 'Hopper', title: 'Dr' }, addresses: [] });
      const answer = await client().put(customerPath(id), next);
      expect([answer.status, answer.headers.get('etag')]).toEqual([200, '"2"']);
      expect(answer.body).toEqual({ ...next, id, version: 2, createdAt, updatedAt: expect.any(String) });
      expect((await client().get(customerPath(id))).body).toEqual(answer.body);
    });

    it('is held to the same rules as registering', async () => {
      const { id } = await register(client());
      expectOffences(await client().put(customerPath(id), stated({ name: { firstName: '' }, x: 1 })), [
        '/name/firstName',
        '/name/lastName',
        '/x',
      ]);
    });
  });

  describe('patching a customer', () => {
    it('merges members, removes by null and replaces arrays', async () => {
      const customer = await register(client(), {
        name: { title: 'Ms', firstName: 'Ada', lastName: 'Byron' },
        addresses: [address('BILLING'), address('SHIPPING')],
        creditCards: [card()],
      });
      const patch = {
        name: { title: null, lastName: 'Lovelace', suffix: 'I' },
        addresses: [address('BILLING', { city: 'London' })],
        creditCards: null,
      };
      const answer = await client().patch(customerPath(customer.id), patch);
      const { creditCards: _, ...kept } = customer;
      expect([answer.status, answer.headers.get('etag')]).toEqual([200, '"2"']);
      expect(answer.body).toEqual({
        ...kept,
        version: 2,
        name: { firstName: 'Ada', lastName: 'Lovelace', suffix: 'I' },
        addresses: [address('BILLING', { city: 'London', country: 'US' })],
        updatedAt: expect.any(String),
      });
    });

    it.each([
      ['a required member', { name: { lastName: null } }, ['/name/lastName']],
      ['a required object', { contact: null }, ['/contact']],
      ['all addresses', { addresses: null }, ['/addresses']],
    ])('is refused where it would remove %s', async (_what, patch, pointers) => {
      const { id } = await register(client());
      expectOffences(await client().patch(customerPath(id), patch), pointers);
    });

    it.each([
      ['wrong fields', { name: { firstName: '', nick: 'A' }, z: 1 }, ['/name/firstName', '/name/nick', '/z']],
      ['what the server alone says', { id: 'mine', version: 9 }, ['/id', '/version']],
      ['two of a type', { addresses: [address('BILLING'), address('BILLING')] }, ['/addresses/1/type']],
      ['not an object', [], ['']],
    ])('is refused and changes nothing: %s', async (_what, patch, pointers) => {
      const customer = await register(client());
      expectOffences(await client().patch(customerPath(customer.id), patch), pointers);
      expect((await client().get(customerPath(customer.id))).body).toEqual(customer);
    });

    it.each(['application/json', 'text/plain', 'application/json-patch+json'])(
      'answers 415 with Accept-Patch for %s',
      async (mediaType) => {
        const { id } = await register(client());
        const answer = await client().patch(customerPath(id), { name: {} }, { 'Content-Type': mediaType });
        expectProblem(answer, 415, 'unsupported-media-type');
        expect(answer.headers.get('accept-patch')).toBe('application/merge-patch+json');
      },
    );

    it('succeeds twenty times at once without If-Match, and each gives a version of its own', async () => {
      const { id } = await register(client());
      const times = Array.from({ length: 20 }, (_, index) => index);
      const answers = await Promise.all(
        times.map((index) => client().patch(customerPath(id), { name: { middleName: `m${index}` } })),
      );
      expect(answers.map(({ status }) => status)).toEqual(times.map(() => 200));
      const versions = answers.map(({ body }) => body.version).sort((a, b) => a - b);
      expect(versions).toEqual(times.map((index) => index + 2));
      const last = answers.find(({ body }) => body.version === 21);
      expect((await client().get(customerPath(id))).body).toEqual(last?.body);
    });

    it('loses nothing when two change different members at once', async () => {
      const { id } = await register(client());
      const patches = [{ name: { title: 'Ms' } }, { name: { suffix: 'I' } }, { contact: { primaryPhone: '1' } }];
      await Promise.all(patches.map((patch) => client().patch(customerPath(id), patch)));
      expect((await client().get(customerPath(id))).body).toMatchObject({
        version: 4,
        name: { title: 'Ms', suffix: 'I' },
        contact: { primaryPhone: '1' },
      });
    });
  });

  describe.each(['PUT', 'PATCH'] as const)('a change by %s', (method) => {
    /** The customer as it was read, with some of it different. */
    const change = (customer: Record<string, unknown>, difference: object, headers = {}) => {
      const { id, version: _v, createdAt: _c, updatedAt: _u, ...rest } = customer;
      const path = customerPath(id as string);
      return method === 'PUT'
        ? client().put(path, { ...rest, ...difference }, headers)
        : client().patch(path, difference, headers);
    };

    it('that changes nothing answers 200 with the same version and time, and records no event', async () => {
      const customer = await register(client(), { creditCards: [card()] });
      const answer = await change(customer, { name: customer.name });
      expect([answer.status, answer.headers.get('etag'), answer.body]).toEqual([200, '"1"', customer]);
      const { items } = (await historyOf(client(), customerPath(customer.id), 1)).body;
      expect(items).toHaveLength(1);
    });

    it('answers 404 where there is no such customer', async () => {
      const answer = method === 'PUT' ? await client().put(UNKNOWN, stated()) : await client().patch(UNKNOWN, {});
      expectProblem(answer, 404, 'customer-not-found');
    });

    it('keeps a held card that is sent back as it was read, and takes a new one beside it', async () => {
      const customer = await register(client(), { creditCards: [card()] });
      const [held] = customer.creditCards;
      const relabelled = { ...held, description: 'everyday' };
      const creditCards = [relabelled, card('ALTERNATE', CARD_NUMBERS.mastercard)];
      const answer = await change(customer, { creditCards });
      expect(answer.status).toBe(200);
      expect(answer.body.creditCards).toEqual([relabelled, expect.objectContaining({ last4: '4444' })]);
    });

    it('refuses a card without a number that is not held', async () => {
      const customer = await register(client(), { creditCards: [card()] });
      const [held] = customer.creditCards;
      for (const foreign of [{ last4: '4242' }, { expiration: '01/31' }, { nameOnCard: 'Eve' }, { brand: 'AMEX' }]) {
        const answer = await change(customer, { creditCards: [{ ...held, ...foreign }] });
        expectOffences(answer, ['/creditCards/0/last4']);
      }
      const { number: _, ...bare } = card();
      expectOffences(await change(customer, { creditCards: [bare] }), ['/creditCards/0/number']);
      expect((await client().get(customerPath(customer.id))).body).toEqual(customer);
    });

    it('refuses two cards of a type', async () => {
      const customer = await register(client());
      const creditCards = [card(), card('PRIMARY', CARD_NUMBERS.amex)];
      expectOffences(await change(customer, { creditCards }), ['/creditCards/1/type']);
    });

    describe('with If-Match', () => {
      let customer: Record<string, unknown>;
      beforeEach(async () => {
        const { id } = await register(client());
        customer = (await client().patch(customerPath(id), { name: { title: unique() } })).body;
      });

      it.each([['"2"'], ['*'], ['"1", "2"'], ['W/"9", "2"']])('%s is done', async (ifMatch) => {
        const answer = await change(customer, { name: { firstName: 'A', lastName: 'B' } }, { 'If-Match': ifMatch });
        expect([answer.status, answer.headers.get('etag')]).toEqual([200, '"3"']);
      });

      it.each([['"1"'], ['"3"'], ['W/"2"'], ['2'], ['"02"'], ['"abc"'], ['']])(
        '%j answers 412 and changes nothing',
        async (ifMatch) => {
          const answer = await change(customer, { name: { firstName: 'A', lastName: 'B' } }, { 'If-Match': ifMatch });
          expectProblem(answer, 412, 'stale');
          expect((await client().get(customerPath(customer.id as string))).body).toEqual(customer);
        },
      );

      it('lets one of ten at once win', async () => {
        const answers = await Promise.all(
          Array.from({ length: 10 }, (_, index) =>
            change(customer, { name: { firstName: `F${index}`, lastName: 'B' } }, { 'If-Match': '"2"' }),
          ),
        );
        const statuses = answers.map(({ status }) => status).sort();
        expect(statuses).toEqual([200, ...Array<number>(9).fill(412)]);
      });
    });
  });
}
