/** Shortest and longest match in bytes (RFC 1951, 3.2.5). */
export const MIN_MATCH = 3;
export const MAX_MATCH = 258;
/** The symbols that end a block, and the first of those that begin a match. */
export const END_OF_BLOCK = 256;
export const FIRST_LENGTH = 257;

/** The fixed codes of literals and lengths (RFC 1951, 3.2.6), and those of distances, in the order of their bits. */
export const CODES = Uint16Array.from({ length: 288 }, (_, symbol) => reversed(...fixedCode(symbol)));
export const CODE_BITS = Uint8Array.from({ length: 288 }, (_, symbol) => fixedCode(symbol)[1]);
export const DISTANCE_CODES = Uint8Array.from({ length: 30 }, (_, code) => reversed(code, 5));

function fixedCode(symbol: number): [code: number, bits: number] {
  if (symbol < 144) return [0x30 + symbol, 8];
  if (symbol < 256) return [0x190 + symbol - 144, 9];
  return symbol < 280 ? [symbol - 256, 7] : [0xc0 + symbol - 280, 8];
}

function reversed(code: number, bits: number): number {
  let result = 0;
  for (let bit = 0; bit < bits; bit += 1) result |= ((code >> bit) & 1) << (bits - 1 - bit);
  return result;
}
