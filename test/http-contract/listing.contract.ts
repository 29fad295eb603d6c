import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { expectOffences, expectProblem } from './client.js';
import { address, customerPath, nextLink, pagesOf, passed, register, unique } from './fixtures.js';
import type { System } from './system.js';

interface Listed {
  readonly id: string;
  readonly version: number;
  readonly name: { readonly lastName: string };
  readonly contact: { readonly email: string };
  readonly createdAt: string;
  readonly updatedAt: string;
}

const VALUES: Readonly<Record<string, (customer: Listed) => string>> = {
  createdAt: ({ createdAt }) => createdAt,
  updatedAt: ({ updatedAt }) => updatedAt,
  lastName: ({ name }) => name.lastName,
  email: ({ contact }) => contact.email,
};
const FIELDS = Object.keys(VALUES);
const SORTS = [
  ...FIELDS.flatMap((field) => [field, `-${field}`]),
  ...['lastName,email', 'lastName,-createdAt', '-lastName,email', '-updatedAt,-lastName', 'createdAt,-email'],
  ...['lastName,createdAt,-email', '-email,updatedAt,-createdAt,lastName'],
];

/** Text sorts by code point, as UTF-8 does; JavaScript's own `<` does not, past U+FFFF. */
function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Negative, zero or positive, as the sort puts one before the other; it says nothing of ties. */
function compareBy(sort: string) {
  return (a: Listed, b: Listed): number => {
    for (const field of sort.split(',')) {
      const value = VALUES[field.replace('-', '')] as (customer: Listed) => string;
      const difference = compareText(value(a), value(b)) * (field.startsWith('-') ? -1 : 1);
      if (difference !== 0) return difference;
    }
    return 0;
  };
}

export function listing(system: () => System): void {
  const client = () => system().client;
  const idsOf = (items: readonly Listed[]) => items.map(({ id }) => id);
  /** Registers customers whom a postal code of their own sets apart. */
  const registerAll = async (lastNames: readonly string[]) => {
    const postalCode = unique();
    const addresses = [address('BILLING'), address('SHIPPING', { postalCode })];
    const customers = lastNames.map((lastName) =>
      register(client(), { name: { firstName: 'A', lastName }, addresses }),
    );
    return { postalCode, customers: (await Promise.all(customers)) as Listed[] };
  };

  describe('the list of customers', () => {
    let path = '';
    let customers: Listed[] = [];
    beforeAll(async () => {
      const lastNames = ['Byron', 'Ångström', 'Byron', '😀', 'ﬀ', 'byron', 'Byron'];
      const registered = await registerAll(lastNames);
      path = `/accounts/customers?postalCode=${registered.postalCode}`;
      const [first, second] = registered.customers as [Listed, Listed];
      await passed(second.updatedAt);
      await client().patch(customerPath(second.id), { contact: { email: first.contact.email } });
      customers = (await client().get(path)).body.items;
    });

    it('is sorted by when they were created unless asked otherwise', () => {
      expect(customers).toHaveLength(7);
      expect(customers).toEqual([...customers].sort(compareBy('createdAt')));
    });

    describe.each(SORTS)('by %s', (sort) => {
      it('is in that order, and comes in pages of any size with each customer once', async () => {
        const { items, next } = (await client().get(`${path}&sort=${sort}`)).body;
        expect(next).toBeUndefined();
        expect(idsOf(items).sort()).toEqual(idsOf(customers).sort());
        expect(items).toEqual([...items].sort(compareBy(sort)));
        const limits = [1, 2, 3, 4, 5, 6, 7, 8];
        const paged = await Promise.all(
          limits.map(async (limit) => {
            const pages = await pagesOf(client(), `${path}&sort=${sort}&limit=${limit}`);
            expect(pages).toHaveLength(Math.ceil(7 / limit));
            return pages.flatMap(({ body }) => body.items);
          }),
        );
        expect(paged).toEqual(limits.map(() => items));
      });
    });

    it('is the same from the last to the first where every direction is turned around', async () => {
      const up = await client().get(`${path}&sort=lastName,email,createdAt`);
      const down = await client().get(`${path}&sort=-lastName,-email,-createdAt`);
      expect(idsOf(down.body.items)).toEqual(idsOf(up.body.items).reverse());
    });

    it('links to the next page with the filter, the order and the limit', async () => {
      const first = await client().get(`${path}&sort=-lastName&limit=3`);
      const { next } = first.body;
      const link = nextLink(first);
      const asked = Object.fromEntries(new URL(link, 'http://x').searchParams);
      const [, postalCode] = path.split('=');
      expect(asked).toEqual({ postalCode, sort: '-lastName', limit: '3', cursor: next });
      const second = await client().get(link);
      expect(second.body).toEqual((await client().get(`${path}&sort=-lastName&limit=3&cursor=${next}`)).body);
      const all = await client().get(`${path}&sort=-lastName`);
      expect([...first.body.items, ...second.body.items]).toEqual(all.body.items.slice(0, 6));
      const third = await client().get(nextLink(second));
      expect([third.body.next, third.headers.get('link')]).toEqual([undefined, null]);
    });

    it('keeps its place with another limit', async () => {
      const { next } = (await client().get(`${path}&limit=2`)).body;
      const { items } = (await client().get(`${path}&limit=4&cursor=${next}`)).body;
      expect(items).toEqual(customers.slice(2, 6));
    });
  });

  describe('the list of customers while it grows', () => {
    it.each(['createdAt', '-createdAt', 'lastName', '-lastName,email', 'email,-lastName'])(
      'shows everyone who was there, once, by %s',
      async (sort) => {
        const { postalCode, customers } = await registerAll(['D', 'F', 'H', 'J']);
        const addresses = [address('BILLING', { postalCode })];
        const seen: string[] = [];
        let path = `/accounts/customers?postalCode=${postalCode}&sort=${sort}&limit=1`;
        for (let pages = 0; path !== 'no link' && pages < 40; pages += 1) {
          const answer = await client().get(path);
          seen.push(...idsOf(answer.body.items));
          path = nextLink(answer);
          const lastName = 'CEGIK'.charAt(pages);
          if (lastName !== '') await register(client(), { name: { firstName: 'A', lastName }, addresses });
        }
        expect(seen).toHaveLength(new Set(seen).size);
        expect(seen).toEqual(expect.arrayContaining(idsOf(customers)));
      },
    );

    it('has no place for those who were created since the first page was read, newest first', async () => {
      const { postalCode, customers } = await registerAll(['A', 'B', 'C']);
      const path = `/accounts/customers?postalCode=${postalCode}&sort=-createdAt&limit=2`;
      const first = await client().get(path);
      await passed(
        customers
          .map(({ createdAt }) => createdAt)
          .sort()
          .at(-1) ?? '',
      );
      await register(client(), { addresses: [address('BILLING', { postalCode })] });
      const second = await client().get(nextLink(first));
      const seen = [...first.body.items, ...second.body.items];
      expect(idsOf(seen).sort()).toEqual(idsOf(customers).sort());
    });
  });

  describe('a filter of the list of customers', () => {
    it('finds whoever fits exactly: e-mail address, last name, postal code of any address, and all of them', async () => {
      const lastName = `O'Neil+${unique()} & Søn=%`;
      const { postalCode, customers } = await registerAll([lastName, lastName, 'Other']);
      const [{ contact }] = customers as [Listed];
      const list = async (filter: Record<string, string>) => {
        const { status, body } = await client().get(`/accounts/customers?${new URLSearchParams(filter).toString()}`);
        expect(status).toBe(200);
        return idsOf(body.items).sort();
      };
      const [first, second, other] = idsOf(customers);
      expect(await list({ email: contact.email })).toEqual([first]);
      expect(await list({ lastName })).toEqual([first, second].sort());
      expect(await list({ postalCode })).toEqual([first, second, other].sort());
      expect(await list({ lastName, postalCode })).toEqual([first, second].sort());
      expect(await list({ email: contact.email, lastName, postalCode })).toEqual([first]);
      expect(await list({ email: contact.email, lastName: 'Other' })).toEqual([]);
      expect(await list({ lastName: lastName.toLowerCase() })).toEqual([]);
      expect(await list({ lastName: '' })).toEqual([]);
      expect(await list({ email: contact.email.slice(1) })).toEqual([]);
    });

    it('that nobody fits gives an empty page', async () => {
      const answer = await client().get(`/accounts/customers?lastName=${unique()}`);
      expect([answer.status, answer.body, answer.headers.get('link')]).toEqual([200, { items: [] }, null]);
    });

    it('finds a customer by what is so now, and no longer by what was', async () => {
      const [was, is] = [unique(), unique()];
      const { id } = await register(client(), { name: { firstName: 'A', lastName: was } });
      await client().patch(customerPath(id), { name: { lastName: is } });
      expect((await client().get(`/accounts/customers?lastName=${was}`)).body.items).toEqual([]);
      expect(idsOf((await client().get(`/accounts/customers?lastName=${is}`)).body.items)).toEqual([id]);
    });
  });

  describe.each(['/accounts/customers', '/orders'])('the list at %s', (path) => {
    it('gives at most 50 unless asked otherwise, and lists without a filter', async () => {
      const { status, body } = await client().get(path);
      expect(status).toBe(200);
      expect(body.items.length).toBeLessThanOrEqual(50);
      expect((await client().get(`${path}?limit=200`)).status).toBe(200);
    });

    it.each(['0', '201', '-1', '1.5', 'ten', '', 'null', '1e1', '0xa', ' 1'])('refuses limit=%j', async (limit) => {
      expectOffences(await client().get(`${path}?limit=${encodeURIComponent(limit)}`), ['/limit']);
    });

    it.each(['', '-', ',', 'createdAt,', 'name', '+createdAt', 'createdAt,createdAt', 'createdAt,-createdAt', '_id'])(
      'refuses sort=%j',
      async (sort) => {
        expectOffences(await client().get(`${path}?sort=${encodeURIComponent(sort)}`), ['/sort']);
      },
    );

    it.each([
      ['x=1', ['/x']],
      ['lastName[$ne]=', ['/lastName[$ne]']],
      ['customerId[$gt]=&status[]=PLACED', ['/customerId[$gt]', '/status[]']],
      ['limit=0&sort=x&page=2', ['/limit', '/sort', '/page']],
      ['__proto__=1', ['/__proto__']],
      ['limit=1&limit=2', ['/limit']],
    ])('refuses ?%s and names each parameter', async (query, pointers) => {
      expectOffences(await client().get(`${path}?${query}`), pointers);
    });

    it('refuses a cursor that it did not give', async () => {
      const forged = Buffer.from('0123456789abcdef["x","y"]').toString('base64url');
      for (const cursor of ['', 'x', forged, 'e30', '%00', '[]']) {
        expectProblem(await client().get(`${path}?cursor=${cursor}`), 400, 'invalid-cursor');
      }
    });
  });

  it('a cursor shows nobody what it is made of, and nobody can make one', async () => {
    const { postalCode } = await registerAll(['A', 'B']);
    const path = `/accounts/customers?postalCode=${postalCode}&sort=email`;
    const { items, next } = (await client().get(`${path}&limit=1`)).body as { items: Listed[]; next: string };
    const { id, contact } = items[0]!;
    const read = [next, Buffer.from(next, 'base64url').toString('latin1')].join(' ');
    expect([id, contact.email, postalCode, 'email'].filter((value) => read.includes(value))).toEqual([]);
    // As cursors were once: a checksum, which anybody can compute, and then values, here of the wrong kind.
    for (const place of [[{ $gt: '' }, id], [null, null], [1], {}]) {
      const content = JSON.stringify(place);
      const checksum = createHash('sha256')
        .update(`/accounts/customers?postalCode=${postalCode}&sort=email\n${content}`)
        .digest('base64url')
        .slice(0, 16);
      const forged = Buffer.from(checksum + content).toString('base64url');
      expectProblem(await client().get(`${path}&cursor=${forged}`), 400, 'invalid-cursor');
    }
  });

  it('a cursor is refused once anything of it, or of the list that it is for, is different', async () => {
    const { postalCode } = await registerAll(['A', 'B', 'C']);
    const path = `/accounts/customers?postalCode=${postalCode}`;
    const { next } = (await client().get(`${path}&limit=1`)).body as { next: string };
    expect((await client().get(`${path}&cursor=${next}`)).status).toBe(200);
    const others = ['/accounts/customers?', `${path}&sort=-createdAt&`, `${path}&lastName=A&`, '/orders?'];
    for (const other of others) {
      expectProblem(await client().get(`${other}&cursor=${next}`.replace('?&', '?')), 400, 'invalid-cursor');
    }
    const places = [...next].map((_, index) => index).filter((index) => index % 5 === 0 || index > next.length - 4);
    const cut = places.map((index) => next.slice(0, index));
    const forged = places.map((index) => {
      const other = next[index] === 'A' ? 'B' : 'A';
      return next.slice(0, index) + other + next.slice(index + 1);
    });
    const answers = await Promise.all(
      [...cut, ...forged, `${next}A`, `${next}!`].map((cursor) => client().get(`${path}&cursor=${cursor}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 400));
  });
}
