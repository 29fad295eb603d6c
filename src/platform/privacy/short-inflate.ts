import { CODE_BITS, CODES, DISTANCE_CODES, END_OF_BLOCK, FIRST_LENGTH, MAX_MATCH, MIN_MATCH } from './fixed-codes.js';

/** The longest code has nine bits. */
const LONGEST_CODE = 9;
const DISTANCE_BITS = 5;
/** The one block is the last, and has the fixed codes. */
const BLOCK_HEADER = 0b011;
const HEADER_BITS = 3;
const LONGEST_MATCH = 285;
const BITS_OF_A_SYMBOL = 4;

/** By the next nine bits: the symbol, and in the lowest four bits the length of its code. */
const SYMBOLS = new Uint16Array(1 << LONGEST_CODE);
for (const [symbol, code] of CODES.entries()) {
  const bits = CODE_BITS[symbol] as number;
  for (let next = code; next < SYMBOLS.length; next += 1 << bits) SYMBOLS[next] = (symbol << BITS_OF_A_SYMBOL) | bits;
}
const DISTANCES = new Uint8Array(1 << DISTANCE_BITS).fill(0xff);
for (const [index, code] of DISTANCE_CODES.entries()) DISTANCES[code] = index;

/**
 * Decompresses what {@link ShortDeflate} has compressed, and all else that is as short and simple: zlib allocates its
 * state for each text, which takes longer than the text itself.
 */
export class ShortInflate {
  /** The dictionary, and the text behind it. */
  private readonly window: Buffer;
  private readonly start: number;
  private bytes: Buffer = Buffer.alloc(0);
  private read = 0;
  private pending = 0;
  private pendingBits = 0;

  /** @param maxBytes of a text */
  constructor(dictionary: Buffer, maxBytes: number) {
    this.start = dictionary.length;
    this.window = Buffer.alloc(this.start + maxBytes);
    dictionary.copy(this.window);
  }

  /** Returns the text; undefined if it is longer, of more blocks or other codes, or corrupt: ask zlib then. */
  decompress(bytes: Buffer): string | undefined {
    this.bytes = bytes;
    [this.read, this.pending, this.pendingBits] = [0, 0, 0];
    if (this.take(HEADER_BITS) !== BLOCK_HEADER) return undefined;
    const { window, start } = this;
    for (let at = start; ;) {
      const symbol = this.takeSymbol();
      if (symbol < END_OF_BLOCK) {
        if (at >= window.length) return undefined;
        window[at] = symbol;
        at += 1;
      } else if (symbol === END_OF_BLOCK) {
        return this.isRead ? window.toString('utf8', start, at) : undefined;
      } else {
        const length = this.takeLength(symbol);
        const distance = this.takeDistance();
        if (length === 0 || distance > at || at + length > window.length) return undefined;
        for (const end = at + length; at < end; at += 1) window[at] = window[at - distance] as number;
      }
    }
  }

  /** False if more was read than is there. */
  private get isRead(): boolean {
    return this.read - (this.pendingBits >> 3) <= this.bytes.length;
  }

  /** At most 16 bits at once. Behind the end there are zeros; at the end, {@link isRead} is false then. */
  private fill(count: number): void {
    while (this.pendingBits < count) {
      this.pending |= (this.bytes[this.read] ?? 0) << this.pendingBits;
      this.read += 1;
      this.pendingBits += 8;
    }
  }

  private take(count: number): number {
    this.fill(count);
    const taken = this.pending & ((1 << count) - 1);
    this.pending >>>= count;
    this.pendingBits -= count;
    return taken;
  }

  private takeSymbol(): number {
    this.fill(LONGEST_CODE);
    const entry = SYMBOLS[this.pending & (SYMBOLS.length - 1)] as number;
    this.take(entry & ((1 << BITS_OF_A_SYMBOL) - 1));
    return entry >> BITS_OF_A_SYMBOL;
  }

  /** 0 for a symbol that has no meaning. */
  private takeLength(symbol: number): number {
    if (symbol >= LONGEST_MATCH) return symbol === LONGEST_MATCH ? MAX_MATCH : 0;
    const index = symbol - FIRST_LENGTH;
    if (index < 8) return MIN_MATCH + index;
    const extraBits = (index >> 2) - 1;
    return MIN_MATCH + ((4 + (index & 3)) << extraBits) + this.take(extraBits);
  }

  /** Infinity for a code that has no meaning. */
  private takeDistance(): number {
    const index = DISTANCES[this.take(DISTANCE_BITS)] as number;
    if (index >= DISTANCE_CODES.length) return Infinity;
    if (index < 4) return 1 + index;
    const extraBits = (index >> 1) - 1;
    return 1 + ((2 + (index & 1)) << extraBits) + this.take(extraBits);
  }
}
