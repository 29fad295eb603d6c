import { CODE_BITS, CODES, DISTANCE_CODES, END_OF_BLOCK, FIRST_LENGTH, MAX_MATCH, MIN_MATCH } from './fixed-codes.js';

/** Of the places in the dictionary that begin like the text, this many are compared, the nearest first. */
const MAX_COMPARED = 16;
const HASH_BITS = 12;
/** There is one block, the last, with the fixed codes. */
const BLOCK_HEADER = 0b011;

/**
 * Compresses short texts to raw deflate (RFC 1951) with a preset dictionary; every implementation can decompress them.
 * zlib allocates its tables and reads the dictionary again for each text, which takes longer than the few hundred bytes
 * of the text itself. Here both are done once.
 */
export class ShortDeflate {
  /** The dictionary, and the text behind it. */
  private readonly window: Buffer;
  private readonly start: number;
  private readonly newestInDictionary = new Int16Array(1 << HASH_BITS).fill(-1);
  private readonly olderInDictionary: Int16Array;
  /** Positions, plus the era of their text, so that those of earlier texts need not be cleared. */
  private readonly newestInText = new Int32Array(1 << HASH_BITS);
  private era = 0;
  private readonly output: Buffer;
  private written = 0;
  private pending = 0;
  private pendingBits = 0;
  /** The distance of the match that was found last. */
  private distance = 0;

  /**
   * @param maxBytes of a text
   * @param paddedTo zeros, which decompression ignores, fill each result up to a multiple of this
   */
  constructor(
    dictionary: Buffer,
    maxBytes: number,
    private readonly paddedTo: number,
  ) {
    this.start = dictionary.length;
    this.window = Buffer.alloc(this.start + maxBytes);
    dictionary.copy(this.window);
    // No byte of the text takes more than nine bits.
    this.output = Buffer.alloc(Math.ceil((maxBytes * 9) / 8) + paddedTo + 4);
    this.olderInDictionary = new Int16Array(this.start);
    for (let at = 0; at + MIN_MATCH <= this.start; at += 1) {
      const hash = this.hashAt(at);
      this.olderInDictionary[at] = this.newestInDictionary[hash] as number;
      this.newestInDictionary[hash] = at;
    }
  }

  /** Returns the compressed text, which is valid until the next call. @param bytes length of the text in UTF-8 */
  compress(text: string, bytes: number): Buffer {
    const end = this.start + bytes;
    this.window.write(text, this.start, bytes, 'utf8');
    this.beginEra();
    [this.written, this.pending, this.pendingBits] = [0, 0, 0];
    this.put(BLOCK_HEADER, 3);
    for (let at = this.start; at < end;) {
      const length = this.findMatch(at, end);
      if (length < MIN_MATCH) {
        this.putSymbol(this.window[at] as number);
        at += 1;
      } else {
        this.putLength(length);
        this.putDistance(this.distance);
        this.remember(at + 1, Math.min(at + length, end - MIN_MATCH));
        at += length;
      }
    }
    this.putSymbol(END_OF_BLOCK);
    return this.padded();
  }

  private beginEra(): void {
    this.era += this.window.length;
    if (this.era + this.window.length <= 0x7fffffff) return;
    this.newestInText.fill(0);
    this.era = this.window.length;
  }

  /** Returns the length of the longest match, and sets its distance; 0 if there is none. */
  private findMatch(at: number, end: number): number {
    const limit = Math.min(MAX_MATCH, end - at);
    if (limit < MIN_MATCH) return 0;
    const { window } = this;
    const hash = this.hashAt(at);
    let length = 0;
    const recent = (this.newestInText[hash] as number) - this.era;
    if (recent >= this.start) {
      length = this.matchingBytes(recent, at, limit);
      this.distance = at - recent;
    }
    this.newestInText[hash] = this.era + at;
    let place = this.newestInDictionary[hash] as number;
    for (let compared = 0; place >= 0 && compared < MAX_COMPARED && length < limit; compared += 1) {
      // Only a longer match is of interest.
      if (window[place + length] === window[at + length]) {
        const found = this.matchingBytes(place, at, limit);
        if (found > length) {
          length = found;
          this.distance = at - place;
        }
      }
      place = this.olderInDictionary[place] as number;
    }
    return length;
  }

  private matchingBytes(place: number, at: number, limit: number): number {
    const { window } = this;
    let length = 0;
    while (length < limit && window[place + length] === window[at + length]) length += 1;
    return length;
  }

  private remember(from: number, to: number): void {
    for (let at = from; at < to; at += 1) this.newestInText[this.hashAt(at)] = this.era + at;
  }

  private hashAt(at: number): number {
    const { window } = this;
    const three = (window[at] as number) | ((window[at + 1] as number) << 8) | ((window[at + 2] as number) << 16);
    return Math.imul(three, 0x9e3779b1) >>> (32 - HASH_BITS);
  }

  private putSymbol(symbol: number): void {
    this.put(CODES[symbol] as number, CODE_BITS[symbol] as number);
  }

  /** Each power of two of lengths has four symbols, and the longest has one of its own. */
  private putLength(length: number): void {
    const value = length - MIN_MATCH;
    const magnitude = 31 - Math.clz32(value);
    if (length === MAX_MATCH) this.putSymbol(285);
    else if (magnitude < 3) this.putSymbol(FIRST_LENGTH + value);
    else {
      const extraBits = magnitude - 2;
      this.putSymbol(FIRST_LENGTH + 4 * (magnitude - 1) + ((value >> extraBits) & 3));
      this.put(value & ((1 << extraBits) - 1), extraBits);
    }
  }

  /** Each power of two of distances has two codes. */
  private putDistance(distance: number): void {
    const value = distance - 1;
    const magnitude = 31 - Math.clz32(value);
    if (magnitude < 2) this.put(DISTANCE_CODES[value] as number, 5);
    else {
      const extraBits = magnitude - 1;
      this.put(DISTANCE_CODES[2 * magnitude + ((value >> extraBits) & 1)] as number, 5);
      this.put(value & ((1 << extraBits) - 1), extraBits);
    }
  }

  private put(bits: number, count: number): void {
    this.pending |= bits << this.pendingBits;
    this.pendingBits += count;
    while (this.pendingBits >= 8) {
      this.output[this.written] = this.pending;
      this.written += 1;
      this.pending >>>= 8;
      this.pendingBits -= 8;
    }
  }

  private padded(): Buffer {
    this.output[this.written] = this.pending;
    const length = this.written + (this.pendingBits > 0 ? 1 : 0);
    const padded = Math.ceil(length / this.paddedTo) * this.paddedTo;
    return this.output.fill(0, length, padded).subarray(0, padded);
  }
}
