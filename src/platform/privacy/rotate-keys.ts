import type { BusRecord } from '../log/bus.js';
import { isShredded, type ShreddedKey, type StoredKey, type WrappedKey } from './data-key.js';
import type { KeyRing } from './key-ring.js';
import { toKeyRecord } from './key-records.js';
import type { KeySource } from './key-source.js';

/** A person's stored key. */
export interface PersonsKey {
  readonly id: string;
  readonly key?: StoredKey;
  readonly isErased: boolean;
}

/** A change of a person's stored key. */
export interface KeyChange {
  readonly id: string;
  readonly from: StoredKey | undefined;
  readonly to: WrappedKey;
}

/** The documents of persons, as far as their keys are concerned. */
export interface KeyStore extends KeySource {
  /** All keys, in order of the ids. */
  allKeys(): AsyncIterable<PersonsKey>;
  /** Returns what remains of the keys of those of these persons who are erased. Much cheaper than to find all keys. */
  findShredded(persons: readonly string[]): Promise<ReadonlyMap<string, ShreddedKey>>;
  /**
   * Sets keys, each only if the stored key is still the same, and the person is not erased.
   * @returns the ids of those that were set
   */
  setKeys(changes: readonly KeyChange[]): Promise<readonly string[]>;
}

/** What the rotation or check of keys works with. */
export interface KeyPlaces {
  readonly ring: KeyRing;
  readonly store: KeyStore;
  /** The keys on the topic, as of now. */
  readonly published: KeySource;
}

/** The numbers of persons whose keys were changed. */
export interface Rotated {
  /** Encrypted with the newest master key. */
  rewrapped: number;
  /** Persons who had no key. */
  made: number;
  /** Published again, because the topic lacked the key or had another one. */
  published: number;
  /** Keys of erased persons that were withdrawn from the topic. */
  withdrawn: number;
}

const BATCH_SIZE = 500;

/**
 * Encrypts all keys with the newest master key, makes the keys that are missing, and publishes what the topic lacks.
 * Events stay as they are. May be repeated after an interruption, and run while services do.
 * @param publish appends records to the topic of keys
 * @throws PlatformError `unavailable` when a master key is missing
 */
export async function rotateKeys(
  places: KeyPlaces,
  publish: (records: readonly BusRecord[]) => Promise<void>,
): Promise<Rotated> {
  const sum: Rotated = { rewrapped: 0, made: 0, published: 0, withdrawn: 0 };
  for await (const batch of batchesOf(places.store)) {
    const changes = batch.flatMap((each) => changeOf(each, places.ring));
    const set = new Set(await places.store.setKeys(changes));
    for (const { id, from } of changes) if (set.has(id)) sum[from ? 'rewrapped' : 'made'] += 1;
    const ids = batch.map(({ id }) => id);
    const records: BusRecord[] = [];
    // Read again: a command may have changed a key meanwhile.
    const [stored, published] = [await places.store.find(ids), await places.published.find(ids)];
    for (const { id, isErased } of batch) {
      const [key, known] = [stored.get(id), published.get(id)];
      if (key && isShredded(key)) {
        if (!known) continue;
        sum.withdrawn += 1;
        records.push(toKeyRecord(id, key));
      } else if (key && !isErased && !isSame(key, known)) {
        sum.published += 1;
        records.push(toKeyRecord(id, key));
      }
    }
    if (records.length > 0) await publish(records);
  }
  return sum;
}

/** What a check of the keys found. */
export interface KeyFindings {
  persons: number;
  erased: number;
  /** Persons without a key: their events are in clear text. */
  without: number;
  /** By id of the master key. */
  readonly byMaster: Map<string, number>;
  /** Ids of persons, by problem. */
  readonly problems: { readonly id: string; readonly what: string }[];
}

/** Checks that every key can be used, that the topic has it, and that it has none of an erased person. */
export async function checkKeys({ ring, store, published }: KeyPlaces): Promise<KeyFindings> {
  const findings: KeyFindings = { persons: 0, erased: 0, without: 0, byMaster: new Map(), problems: [] };
  for await (const batch of batchesOf(store)) {
    const onTopic = await published.find(batch.map(({ id }) => id));
    for (const { id, key, isErased } of batch) {
      findings.persons += 1;
      const problem = (what: string) => findings.problems.push({ id, what });
      const known = onTopic.get(id);
      if (isErased || isShredded(key)) {
        findings.erased += 1;
        if (key && !isShredded(key)) problem('is erased, and its key is not destroyed');
        if (known) problem('is erased, and the topic has its key');
      } else if (key) {
        findings.byMaster.set(key.master, (findings.byMaster.get(key.master) ?? 0) + 1);
        const reason = whyUnusable(ring, id, key);
        if (reason !== undefined) problem(reason);
        else if (!known) problem('the topic lacks its key');
        else if (!isSame(key, known) && (isShredded(known) || known.kid !== key.kid))
          problem('the topic has another key');
      } else findings.without += 1;
    }
  }
  return findings;
}

function changeOf({ id, key, isErased }: PersonsKey, ring: KeyRing): KeyChange[] {
  if (isErased || isShredded(key)) return [];
  if (!key) return [{ id, from: undefined, to: ring.make(id).wrapped }];
  const to = ring.rewrap(id, key);
  return to ? [{ id, from: key, to }] : [];
}

function whyUnusable(ring: KeyRing, id: string, key: WrappedKey): string | undefined {
  try {
    ring.open(id, key);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function isSame(one: WrappedKey, other: StoredKey | undefined): boolean {
  return other !== undefined && !isShredded(other) && one.kid === other.kid && one.wrapped === other.wrapped;
}

async function* batchesOf(store: KeyStore): AsyncGenerator<readonly PersonsKey[]> {
  let batch: PersonsKey[] = [];
  for await (const each of store.allKeys()) {
    batch.push(each);
    if (batch.length < BATCH_SIZE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
