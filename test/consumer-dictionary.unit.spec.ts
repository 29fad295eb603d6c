import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { DICTIONARY_D1 } from '../src/platform/privacy/dictionary.js';

it('consumers get the dictionary with which personal data is compressed, byte for byte', () => {
  expect(readFileSync('examples/dictionary-d1.txt').equals(DICTIONARY_D1)).toBe(true);
});
