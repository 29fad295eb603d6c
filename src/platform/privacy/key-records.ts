import type { BusRecord } from '../log/bus.js';
import { isShredded, type StoredKey, type WrappedKey } from './data-key.js';

/**
 * Returns the record of a person's key for the topic of keys, which keeps only the newest record of each person. A
 * destroyed key is a record without a value, after which the topic forgets the key itself.
 */
export function toKeyRecord(person: string, key: StoredKey): BusRecord {
  if (isShredded(key)) return { key: Buffer.from(person), value: null, headers: { 'shredded-at': key.shreddedAt } };
  const { kid, wrapped, master } = key;
  return {
    key: Buffer.from(person),
    value: Buffer.from(JSON.stringify({ kid, wrapped, master })),
    headers: {},
  };
}

/** A record of the topic of keys. */
export interface KeyRecord {
  readonly person: string;
  /** Undefined when the key is gone. */
  readonly key?: WrappedKey;
}

/** Parses a record of the topic of keys; undefined for one that another program wrote. */
export function parseKeyRecord({ key, value }: Pick<BusRecord, 'key' | 'value'>): KeyRecord | undefined {
  if (key === null) return undefined;
  const person = key.toString();
  if (value === null) return { person };
  try {
    const { kid, wrapped, master } = JSON.parse(value.toString()) as Partial<Record<string, unknown>>;
    if (typeof kid !== 'string' || typeof wrapped !== 'string' || typeof master !== 'string') return undefined;
    return { person, key: { kid, wrapped, master } };
  } catch {
    return undefined;
  }
}
