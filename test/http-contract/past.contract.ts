import { beforeAll, describe, expect, it } from '@jest/globals';
import { expectOffences, expectProblem } from './client.js';
import { customerPath, historyOf, pagesOf, passed, register, registerAndCopy, place } from './fixtures.js';
import type { System } from './system.js';

const UNKNOWN = '00000000-0000-7000-8000-000000000000';

interface Past {
  readonly id: string;
  readonly version: number;
  readonly updatedAt: string;
}

export function past(system: () => System): void {
  const client = () => system().client;
  /** The customer after each of its three changes, each at a time of its own. */
  const versions: Past[] = [];
  let path = '';

  beforeAll(async () => {
    const first = await register(client());
    path = customerPath(first.id);
    versions.push(first);
    for (const title of ['Ms', 'Dr']) {
      await passed(versions.at(-1)?.updatedAt ?? '');
      versions.push((await client().patch(path, { name: { title } })).body);
    }
    await passed(versions.at(-1)?.updatedAt ?? '');
    await historyOf(client(), path, versions.length);
  });

  const shifted = (time: string, milliseconds: number) => new Date(Date.parse(time) + milliseconds).toISOString();
  const at = (time: string) => client().get(`${path}?at=${encodeURIComponent(time)}`);

  describe('reading a customer', () => {
    it('answers 404 where there is none', async () => {
      for (const query of ['', '?version=1', '?at=2026-01-01T00:00:00Z']) {
        expectProblem(await client().get(customerPath(UNKNOWN) + query), 404, 'customer-not-found');
      }
    });

    it('answers a HEAD with the headers of a GET', async () => {
      const answer = await client().send('HEAD', path);
      expect([answer.status, answer.headers.get('etag'), answer.text]).toEqual([200, '"3"', '']);
    });

    it.each([0, 1, 2])('by version gives the customer as it was: change %d', async (index) => {
      const answer = await client().get(`${path}?version=${index + 1}`);
      expect([answer.status, answer.headers.get('etag'), answer.body]).toEqual([
        200,
        `"${index + 1}"`,
        versions[index],
      ]);
    });

    it('by a version that is not there yet answers 404', async () => {
      expectProblem(await client().get(`${path}?version=4`), 404, 'customer-not-found');
      expectProblem(await client().get(`${path}?version=999999999999`), 404, 'customer-not-found');
    });

    it.each(['0', '-1', '1.5', 'one', '', '1e0', '0x1', '1000000000000'])(
      'by version %j answers 422',
      async (version) => {
        expectOffences(await client().get(`${path}?version=${version}`), ['/version']);
      },
    );

    it.each([0, 1, 2])('by time gives what was so from the very millisecond of change %d', async (index) => {
      const { updatedAt } = versions[index] as Past;
      expect((await at(updatedAt)).body).toEqual(versions[index]);
      const before = await at(shifted(updatedAt, -1));
      if (index === 0) expectProblem(before, 404, 'customer-not-found');
      else expect(before.body).toEqual(versions[index - 1]);
    });

    it('by a time that is far away gives the newest, or none', async () => {
      expect((await at('9999-12-31T23:59:59Z')).body).toEqual(versions[2]);
      expect((await at('9999-12-31T23:59:59-12:00')).body).toEqual(versions[2]);
      expectProblem(await at('0001-01-01T00:00:00Z'), 404, 'customer-not-found');
      expectProblem(await at('0000-01-01T00:00:00+14:00'), 404, 'customer-not-found');
    });

    it.each([
      ['east', 5.5 * 60, '+05:30'],
      ['west', -8 * 60, '-08:00'],
      ['at zero', 0, '+00:00'],
      ['unknown', 0, '-00:00'],
    ])('understands a time with an offset: %s', async (_where, minutes, offset) => {
      const { updatedAt } = versions[1] as Past;
      const local = (time: string) => shifted(time, minutes * 60_000).replace('Z', offset);
      expect((await at(local(updatedAt))).body).toEqual(versions[1]);
      expect((await at(local(shifted(updatedAt, -1)))).body).toEqual(versions[0]);
    });

    it('understands every other way to write a time that RFC 3339 has', async () => {
      const { updatedAt } = versions[1] as Past;
      const digits = updatedAt.replace('Z', '');
      for (const time of [updatedAt.toLowerCase(), `${digits}000Z`, `${digits}999999Z`, updatedAt.replace('T', ' ')]) {
        expect([time, (await at(time)).body]).toEqual([time, versions[1]]);
      }
    });

    it.each([
      'yesterday',
      '',
      '2026-11-23',
      '2026-11-23T10:00:00',
      '2026-11-23T10:00Z',
      '2026-13-01T00:00:00Z',
      '2026-00-01T00:00:00Z',
      '2026-02-30T00:00:00Z',
      '2025-02-29T00:00:00Z',
      '2026-11-31T00:00:00Z',
      '2026-11-23T24:00:00Z',
      '2026-11-23T25:00:00Z',
      '2026-11-23T10:60:00Z',
      '2026-11-23T10:00:00+24:00',
      '2026-11-23T10:00:00+01:60',
      '1764000000',
    ])('by a time that is none answers 422: %j', async (time) => {
      expectOffences(await at(time), ['/at']);
    });
  });

  describe('the history', () => {
    it('of a customer is every recorded change, oldest first, with where the log has it', async () => {
      const { status, body } = await client().get(`${path}/history`);
      expect(status).toBe(200);
      const types = ['registered', 'changed', 'changed'];
      const changed = [['/name', '/contact', '/addresses'], ['/name/title'], ['/name/title']];
      expect(body).toEqual({
        items: versions.map(({ version, updatedAt }, index) => ({
          version,
          type: `accounts.customer.${types[index]}`,
          eventId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          time: updatedAt,
          changed: changed[index],
          hash: expect.stringMatching(/^[0-9a-f]{64}$/),
          partition: body.items[0].partition,
          offset: expect.any(Number),
        })),
      });
      const offsets = body.items.map(({ offset }: { offset: number }) => offset);
      expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
      expect(new Set(offsets).size).toBe(3);
      for (const { version, eventId, hash } of body.items) {
        expect(await system().event(versions[0]?.id ?? '', version)).toMatchObject({ id: eventId, hash });
      }
    });

    it('of an order is every recorded change', async () => {
      const { id } = await registerAndCopy(client());
      const order = await place(client(), id);
      await client().post(`/orders/${order.id}/ship`);
      const { body } = await historyOf(client(), `/orders/${order.id}`, 2);
      expect(body.items).toEqual([
        expect.objectContaining({ version: 1, type: 'orders.order.placed', time: order.createdAt }),
        expect.objectContaining({ version: 2, type: 'orders.order.shipped', changed: ['/status', '/shipTo'] }),
      ]);
      expect(body).not.toHaveProperty('next');
    });

    it.each([1, 2, 3, 4])('comes in pages of %d, each change once', async (limit) => {
      const pages = await pagesOf(client(), `${path}/history?limit=${limit}`);
      const found = pages.flatMap(({ body }) => body.items.map(({ version }: Past) => version));
      expect(found).toEqual([1, 2, 3]);
      expect(pages).toHaveLength(Math.ceil(3 / limit));
    });

    it('answers 404 where there is no such aggregate', async () => {
      expectProblem(await client().get(`${customerPath(UNKNOWN)}/history`), 404, 'customer-not-found');
      expectProblem(await client().get(`/orders/${UNKNOWN}/history`), 404, 'order-not-found');
    });

    it('refuses the cursor of another history, a cut and a forged one', async () => {
      const { next } = (await client().get(`${path}/history?limit=1`)).body;
      const other = await register(client());
      for (const [where, cursor] of [
        [customerPath(other.id), next],
        [path, next.slice(1)],
        [path, next.slice(0, -4)],
        [path, Buffer.from('[1]').toString('base64url')],
        [path, ''],
      ]) {
        expectProblem(await client().get(`${where}/history?cursor=${cursor}`), 400, 'invalid-cursor');
      }
    });

    it.each(['0', '201', 'x', ''])('refuses limit=%s', async (limit) => {
      expectOffences(await client().get(`${path}/history?limit=${limit}`), ['/limit']);
    });
  });
}
