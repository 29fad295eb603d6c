import { describe, expect, it } from '@jest/globals';
import { parseMasterKeyLines } from './master-key-lines.js';

const KEY = Buffer.alloc(32, 7).toString('base64');
const OTHER = Buffer.alloc(32, 8).toString('base64');

describe('the lines of a file of master keys', () => {
  it('have an id and a key each; blank lines and comments do not count', () => {
    expect(parseMasterKeyLines(`# made by hand\n\n2026-1 ${KEY}\r\n  2026.b_2 \t ${OTHER}  `)).toEqual([
      { id: '2026-1', value: KEY, number: 3 },
      { id: '2026.b_2', value: OTHER, number: 4 },
    ]);
  });

  it('may hold what a key management service has encrypted', () => {
    expect(parseMasterKeyLines('a vault:v1:s3cr3t==')).toEqual([{ id: 'a', value: 'vault:v1:s3cr3t==', number: 1 }]);
  });

  it.each([
    ['', 'contains no master key'],
    ['# only a comment\n', 'contains no master key'],
    [`s3cr3t`, 'line 1: is not an id, a blank and a key'],
    [`a ${KEY} s3cr3t`, 'line 1: is not an id, a blank and a key'],
    [`s3cr3t+ ${KEY}`, "line 1: the id is not 1 to 64 letters, digits, '.', '_' or '-'"],
    [`${'s3cr3t'.repeat(11)} ${KEY}`, "line 1: the id is not 1 to 64 letters, digits, '.', '_' or '-'"],
    [`\na ${KEY.slice(4)}`, 'line 2: the key has 29 bytes instead of 32'],
    [`a ${KEY.slice(0, -1)}`, 'line 1: the key is not base64'],
    [`a ${KEY.replace('B', '!')}`, 'line 1: the key is not base64'],
    [`a ${KEY}\n\na ${OTHER}`, 'line 3: has the id of line 1'],
  ])('are refused with the number of the line, and quote nothing of it: %j', (content, message) => {
    expect(() => parseMasterKeyLines(content)).toThrow(new Error(message));
  });
});
