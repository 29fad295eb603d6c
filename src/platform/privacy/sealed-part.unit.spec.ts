import { createCipheriv, createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UnreadableRecord } from '../event/parse-cloud-event.js';
import { dataKeyOf, newDataKey } from './data-key.js';
import { DICTIONARY_D1 } from './dictionary.js';
import { openPart, sealPart } from './sealed-part.js';
import type { SealedPart } from '../event/cloud-event.js';

const CUSTOMER = {
  '/customer/name': { firstName: 'Ada', lastName: 'Lovelace' },
  '/customer/contact': { email: 'ada@example.com', primaryPhone: '+44 20 7946 0000' },
  '/customer/addresses': [
    {
      type: 'SHIPPING',
      address1: '12 St James Square',
      city: 'London',
      state: 'LND',
      postalCode: 'SW1Y 4JH',
      country: 'GB',
    },
  ],
  '/customer/creditCards': [
    { type: 'PRIMARY', brand: 'VISA', last4: '1111', expiration: '12/30', nameOnCard: 'Ada Lovelace' },
  ],
};
const EVENT = 'ada|1|type|schema';
/** IV and tag. */
const OVERHEAD_BYTES = 28;

const key = newDataKey();
/** The same key in another process, which has not sealed anything with it. */
const reader = dataKeyOf(key.secret.export());
const bytesOf = ({ box }: SealedPart) => Buffer.from(box, 'base64');

describe('a sealed part', () => {
  it('opens to the value that was sealed', () => {
    const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ stringUnit: 'binary' }));
    fc.assert(
      fc.property(object, fc.string(), (value, event) => {
        const content = JSON.parse(JSON.stringify(value)) as object;
        expect(openPart(reader, sealPart(key, content, event), event)).toEqual(content);
      }),
    );
  });

  it.each([
    ['empty', {}],
    ['of 1 MB', { '/customer/name': Array.from({ length: 100_000 }, (_, index) => `${index} ${index % 7}`) }],
    ['that repeats itself for 2 MB', { '/customer/name': 'ada'.repeat(700_000) }],
  ])('opens if its content is one %s', (_size, content) => {
    expect(openPart(reader, sealPart(key, content, EVENT), EVENT)).toEqual(content);
  });

  it('of a customer with a phone, an address and a card has at most 320 bytes', () => {
    expect(JSON.stringify(sealPart(key, CUSTOMER, EVENT)).length).toBeLessThanOrEqual(320);
  });

  it('is not shared with what was sealed, even in the process that sealed it', () => {
    const content = structuredClone(CUSTOMER);
    const sealed = sealPart(key, content, EVENT);
    const expected = openPart(reader, sealed, EVENT);
    content['/customer/name'].firstName = 'Eve';
    expect(openPart(key, sealed, EVENT)).toEqual(expected);
    expect(openPart(key, sealed, EVENT)).not.toBe(openPart(key, sealed, EVENT));
  });

  it('has another box each time', () => {
    expect(sealPart(key, CUSTOMER, EVENT).box).not.toBe(sealPart(key, CUSTOMER, EVENT).box);
  });

  it('shows no length but a multiple of 16 bytes', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (name) => {
        expect((bytesOf(sealPart(key, { name }, EVENT)).length - OVERHEAD_BYTES) % 16).toBe(0);
      }),
    );
    const short = ['', 'A', 'Ad', 'Ada'].map(
      (name) => bytesOf(sealPart(key, { '/customer/name': name }, EVENT)).length,
    );
    expect(new Set(short).size).toBe(1);
  });
});

describe('a sealed part is refused', () => {
  const sealed = sealPart(key, CUSTOMER, EVENT);
  const refusal = (part: SealedPart, { event = EVENT, opener = key } = {}) => {
    try {
      openPart(opener, part, event);
    } catch (error) {
      expect(error).toBeInstanceOf(UnreadableRecord);
      return (error as Error).message;
    }
    throw new Error('it was opened');
  };
  const ALTERED = 'data/sealed was altered, or is of another event';

  it('if any bit of its box is another one', () => {
    const bytes = bytesOf(sealed);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const altered = Buffer.from(bytes);
      altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(refusal({ ...sealed, box: altered.toString('base64') })).toBe(ALTERED);
    }
  });

  it('if any character of its box is another one', () => {
    for (let index = 0; index < sealed.box.length; index += 1) {
      for (const character of [' ', '=', sealed.box[index] === 'A' ? 'B' : 'A']) {
        const box = sealed.box.slice(0, index) + character + sealed.box.slice(index + 1);
        if (box !== sealed.box) expect(refusal({ ...sealed, box })).toMatch(/^data\/sealed/);
      }
    }
  });

  it.each([0, 4, 12, 16, 27])('if its box has only %s bytes', (length) => {
    const box = bytesOf(sealed).subarray(0, length).toString('base64');
    expect(refusal({ ...sealed, box })).toBe('data/sealed/box is not base64 of a box');
  });

  it('if its box is cut anywhere', () => {
    for (let length = OVERHEAD_BYTES; length < bytesOf(sealed).length; length += 1) {
      expect(refusal({ ...sealed, box: bytesOf(sealed).subarray(0, length).toString('base64') })).toBe(ALTERED);
    }
  });

  it('for another event', () => {
    fc.assert(
      fc.property(fc.string(), (event) => {
        fc.pre(event !== EVENT);
        expect(refusal(sealed, { event })).toBe(ALTERED);
      }),
    );
  });

  it('with another key, even one that claims to be the same', () => {
    const other = newDataKey();
    expect(refusal(sealed, { opener: other })).toBe('data/sealed was sealed with a key that is not the person’s');
    expect(refusal({ ...sealed, kid: other.kid })).toBe('data/sealed was sealed with a key that is not the person’s');
    expect(refusal(sealed, { opener: { ...other, kid: key.kid } })).toBe(ALTERED);
  });

  it.each([{ alg: 'A128GCM' }, { zip: 'DEF' }])('if it is of another kind: %j', (kind) => {
    expect(refusal({ ...sealed, ...kind } as never)).toBe('data/sealed is of a kind that is not known here');
  });

  it.each([
    ['nothing compressed', Buffer.alloc(16, 0xff), 'data/sealed cannot be decompressed'],
    ['no JSON', compressed('Ada'), 'data/sealed is not a JSON object'],
    ['a text', compressed('"Ada"'), 'data/sealed is not a JSON object'],
    ['null', compressed('null'), 'data/sealed is not a JSON object'],
    ['17 MiB in few bytes', compressed(' '.repeat(17 * 1024 ** 2)), 'data/sealed is too large'],
  ])('if somebody with the key has put %s into it', (_what, content, message) => {
    const iv = Buffer.alloc(12);
    const cipher = createCipheriv('aes-256-gcm', key.secret, iv).setAAD(Buffer.from(EVENT));
    const box = Buffer.concat([iv, cipher.update(content), cipher.final(), cipher.getAuthTag()]).toString('base64');
    expect(refusal({ ...sealed, box })).toBe(message);
  });
});

function compressed(text: string): Buffer {
  return deflateRawSync(text, { dictionary: DICTIONARY_D1, windowBits: 12 });
}

/** What is in the logs cannot be sealed anew: these must pass as they are, permanently. */
describe('the format DEF-d1', () => {
  const golden = dataKeyOf(Buffer.from(Array.from({ length: 32 }, (_, index) => index)));

  it('has a dictionary that never changes', () => {
    expect(createHash('sha256').update(DICTIONARY_D1).digest('hex')).toBe(
      '1b74d36cde0530c4dd8ec1d34a69b52aa294291d97659d43a3a8092ebce2b3f8',
    );
  });

  it.each([
    [
      'Node.js 20',
      'QyZDKNUI1+qzyRXU57Gp+zlQY9gcUo8031qwkb6kh/NUxIhZE7b8VJ+wiH0EsLYyZq5yJ1daenef/enmT72CCi1s6qMSwW7ea0a9hUGZzFGsFvXVCgVKN8553rI277jrf08Ijm2Fza8zTRDjLjLw0XhEZUnyTzKKlLRHd5bCGjhsy/WntqwQGJxTDoE=',
    ],
    [
      'Node.js 24',
      'b8Cmzyehlh+BwF6HUp4Q4ky+IsIS2m+Rzshq5HMYgFxSF6sjaxYcYliL/VqDDfKHUVWDoQF1wnf3GfW6Z3MN5qk6V4Am3gEeQZzZCywTxXgcuOEv6YCMSWeKS+lnva7XZRSMw0IiXdt865M3VrZMLgYXy35bnmHkg9GjJWEKPIfjMYUbPkeOyDQi/Es=',
    ],
  ])('is read from a box that %s has sealed', (_version, box) => {
    const sealed: SealedPart = { kid: '630dcd2966c4336691125448bbb25b4f', alg: 'A256GCM', zip: 'DEF-d1', box };
    expect(openPart(golden, sealed, EVENT)).toEqual(CUSTOMER);
  });
});
