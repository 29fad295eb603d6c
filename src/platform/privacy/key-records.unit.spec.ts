import { describe, expect, it } from '@jest/globals';
import { parseKeyRecord, toKeyRecord } from './key-records.js';

const KEY = { kid: '00ff', wrapped: 'AAAA', master: '2026-11-24-01020304' };
const record = (value: string | null, key: string | null = 'ada') => ({
  key: key === null ? null : Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
});

describe('the record of a person’s key', () => {
  it('has the wrapped key, under the id of the person', () => {
    const written = toKeyRecord('ada', KEY);
    expect(String(written.key)).toBe('ada');
    expect(JSON.parse(String(written.value))).toEqual(KEY);
    expect(parseKeyRecord(written)).toEqual({ person: 'ada', key: KEY });
  });

  it('has nothing but that, whatever else is stored with the key', () => {
    const written = toKeyRecord('ada', { ...KEY, secret: 'hunter2' } as typeof KEY);
    expect(String(written.value)).not.toContain('hunter2');
  });

  it('has no value once the key is destroyed, but the time of that', () => {
    const shredded = { shreddedAt: '2026-11-24T08:00:00.000Z' };
    const written = toKeyRecord('ada', shredded);
    expect(written).toMatchObject({ value: null, headers: { 'shredded-at': shredded.shreddedAt } });
    expect(parseKeyRecord(written)).toEqual({ person: 'ada' });
  });

  it.each([
    ['no key', record(JSON.stringify(KEY), null)],
    ['no JSON', record('{')],
    ['null', record('null')],
    ['a list', record('[]')],
    ['a text', record('"key"')],
    ['no kid', record(JSON.stringify({ ...KEY, kid: undefined }))],
    ['a wrapped key that is no text', record(JSON.stringify({ ...KEY, wrapped: 1 }))],
    ['no master key', record(JSON.stringify({ ...KEY, master: null }))],
  ])('is ignored if it is another program’s: %s', (_what, other) => {
    expect(parseKeyRecord(other)).toBeUndefined();
  });
});
