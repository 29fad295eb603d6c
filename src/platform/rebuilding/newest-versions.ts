import { hash } from 'node:crypto';

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
/** Numbers of 32 bits that stand for an id. */
const WORDS = 4;
const MIN_SLOTS = 2 ** 8;
/** About 23 million aggregates, in 1.1 GB. */
const MAX_SLOTS = 2 ** 25;
/** Share of the slots that may be taken. */
const MAX_LOAD = 0.7;

/** The version of an aggregate that a rebuild has restored, and the offset of the event. */
export interface RestoredVersion {
  readonly version: number;
  readonly offset: number;
}

/**
 * The newest version of each aggregate that a rebuild has restored, in 46 to 91 bytes an aggregate. It forgets none: once
 * it is full, it takes no others.
 */
export class NewestVersions {
  /** Slots of a hash table with open addressing; a version of 0 marks a free one. */
  private ids = new Uint32Array(MIN_SLOTS * WORDS);
  private versions = new Float64Array(MIN_SLOTS);
  private offsets = new Float64Array(MIN_SLOTS);
  private size = 0;
  private readonly id = new Uint32Array(WORDS);

  /** @param maxSlots a power of 2 */
  constructor(private readonly maxSlots = MAX_SLOTS) {}

  /** Returns the newest version of an aggregate; undefined if none is known. */
  of(id: string): RestoredVersion | undefined {
    this.parse(id);
    const slot = this.find();
    const version = this.versions[slot] as number;
    return version === 0 ? undefined : { version, offset: this.offsets[slot] as number };
  }

  /** Adds a version, unless a newer one is known. */
  add(id: string, restored: RestoredVersion): void {
    this.parse(id);
    const slot = this.find();
    const known = this.versions[slot] as number;
    if (known === 0) {
      if (this.size + 1 > this.versions.length * MAX_LOAD && !this.grow()) return;
      this.size += 1;
      this.put(restored);
    } else if (known < restored.version) this.put(restored);
  }

  /** A UUID stands for itself. Of any other id, the beginning of its digest is unique. */
  private parse(id: string): void {
    if (UUID.test(id)) {
      this.id[0] = Number.parseInt(id.slice(0, 8), 16);
      this.id[1] = Number.parseInt(id.slice(9, 13) + id.slice(14, 18), 16);
      this.id[2] = Number.parseInt(id.slice(19, 23) + id.slice(24, 28), 16);
      this.id[3] = Number.parseInt(id.slice(28), 16);
      return;
    }
    const digest = hash('sha256', id, 'buffer');
    for (let word = 0; word < WORDS; word += 1) this.id[word] = digest.readUInt32LE(4 * word);
  }

  /** Returns the slot with the id, or the free one where it belongs. */
  private find(): number {
    const { ids, versions } = this;
    const [a, b, c, d] = this.id as unknown as [number, number, number, number];
    const mask = versions.length - 1;
    const mixed = Math.imul(Math.imul(Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ b, 0xc2b2ae35) ^ c, 0x27d4eb2f) ^ d;
    let slot = (Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) >>> 8) & mask;
    for (;;) {
      if (versions[slot] === 0) return slot;
      const at = slot * WORDS;
      if (ids[at] === a && ids[at + 1] === b && ids[at + 2] === c && ids[at + 3] === d) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private put({ version, offset }: RestoredVersion): void {
    const slot = this.find();
    this.ids.set(this.id, slot * WORDS);
    this.versions[slot] = version;
    this.offsets[slot] = offset;
  }

  private grow(): boolean {
    const { ids, versions, offsets } = this;
    if (versions.length * 2 > this.maxSlots) return false;
    const added = this.id.slice();
    this.ids = new Uint32Array(ids.length * 2);
    this.versions = new Float64Array(versions.length * 2);
    this.offsets = new Float64Array(versions.length * 2);
    for (const [slot, version] of versions.entries()) {
      if (version === 0) continue;
      this.id.set(ids.subarray(slot * WORDS, (slot + 1) * WORDS));
      this.put({ version, offset: offsets[slot] as number });
    }
    this.id.set(added);
    return true;
  }
}
