import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeHeads, encodeHeads } from '../checkpoints/heads.js';
import type { Link } from '../rebuilding/links.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './database.js';
import { EmbeddedHeads } from './heads.js';

describe('the heads of a checkpoint', () => {
  let scratch: EmbeddedDatabase;
  let heads: EmbeddedHeads;
  beforeEach(async () => {
    scratch = await openEmbeddedDatabase('memory');
    heads = new EmbeddedHeads(scratch.level);
  });
  afterEach(() => scratch.close());

  const link = (topic: string, id: string, fields: Partial<Link> = {}): Link => ({
    ...{ topic, id, version: 3, partition: 1, offset: 7, fromCheckpoint: true },
    ...fields,
  });
  const all = async (topic?: string) => {
    const found: Link[] = [];
    for await (const head of heads.all(topic)) found.push(head);
    return found;
  };

  it('are found by topic and id, and read in byte order', async () => {
    const some = [link('b', 'a'), link('a.b', 'y'), link('a', 'zz'), link('a', 'z'), link('a', 'ä!', { hash: 'h' })];
    await heads.add(some);
    const [ofB, ofAB, zz, z, ae] = some;
    expect(await all()).toEqual([z, zz, ae, ofAB, ofB]);
    expect(await all('a')).toEqual([z, zz, ae]);
    expect(await heads.find('a', ['zz', 'none', 'ä!'])).toEqual([zz, undefined, ae]);
  });

  it('are the same after they were encoded', () => {
    const some = [
      link('t', 'a', { hash: 'f'.repeat(64) }),
      link('t', 'b "c\n', { version: 2 ** 40, offset: 2 ** 50 }),
      link('t', 'c', { hash: 'h', copy: { hash: 'of the copy' } }),
    ];
    expect(decodeHeads(encodeHeads('t', some))).toEqual(some);
  });

  it('drop what a checkpoint has no need of', () => {
    const full = link('t', 'a', {
      hash: 'h',
      prevhash: 'p',
      copy: { hash: 'c', prevhash: 'd' },
      republished: 'itself',
    });
    expect(decodeHeads(encodeHeads('t', [full]))).toEqual([link('t', 'a', { hash: 'h', copy: { hash: 'c' } })]);
  });
});
