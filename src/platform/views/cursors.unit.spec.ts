import { describe, expect, it } from '@jest/globals';
import { Cursors } from './cursors.js';

const position = ['2026-01-01T00:00:00.000Z', 'ada@example.com', 7, 'order-1'];

describe('a cursor', () => {
  const cursors = new Cursors(() => Promise.resolve('a secret'));
  const cursor = cursors.seal('orders', position);

  it('opens to the position that was sealed, on every instance with the secret', async () => {
    expect(await cursors.open('orders', await cursor)).toEqual(position);
    expect(await new Cursors(() => Promise.resolve('a secret')).open('orders', await cursor)).toEqual(position);
  });

  it('needs no escaping in a URL', async () => {
    expect(await cursors.seal('orders', ['ÿ?>~', '😀'])).toMatch(/^[\w-]+$/);
  });

  it('shows nothing of the position, and is the same one each time', async () => {
    expect(Buffer.from(await cursor, 'base64url').toString('latin1')).not.toMatch(/ada|example|2026|order/);
    expect(await cursors.seal('orders', position)).toBe(await cursor);
  });

  it.each([
    ['of another list', async () => cursors.seal('customers', position)],
    ['of another secret', () => new Cursors(() => Promise.resolve('another')).seal('orders', position)],
    ['cut short', async () => (await cursor).slice(0, -5)],
    ['longer', async () => `${await cursor}AAAA`],
    ['only text', () => Buffer.from('["orders",{"$gt":""},1]').toString('base64url')],
    ['shorter than a salt', () => 'AAAA'],
    ['as short as a salt and a tag', () => Buffer.alloc(32).toString('base64url')],
    ['empty', () => ''],
    ['not base64', () => '%%%'],
  ])('is refused as malformed when it is %s', async (_, make) => {
    await expect(cursors.open('orders', await make())).rejects.toMatchObject({
      kind: 'malformed',
      code: 'invalid-cursor',
    });
  });

  it('is refused wherever one character of it is another', async () => {
    const text = await cursor;
    for (const [index, character] of [...text].entries()) {
      const forged = text.slice(0, index) + (character === 'A' ? 'B' : 'A') + text.slice(index + 1);
      await expect(cursors.open('orders', forged)).rejects.toMatchObject({ code: 'invalid-cursor' });
    }
  });

  it('asks for the secret again where it could not be read', async () => {
    let reads = 0;
    const flaky = new Cursors(() => ((reads += 1) === 1 ? Promise.reject(new Error('away')) : Promise.resolve('x')));

    await expect(flaky.seal('orders', position)).rejects.toThrow('away');

    expect(await flaky.open('orders', await flaky.seal('orders', position))).toEqual(position);
    expect(reads).toBe(2);
  });
});
