import { describe, expect, it } from '@jest/globals';
import type { LoggedRecord } from '../log/bus.js';
import type { DeadLetter } from '../consuming/dead-letters.js';
import { toJsonLine, toPage, toTable } from './print-letters.js';

const place = { topic: 'topic.group.dlt', partition: 1, offset: 2 };
const origin = { topic: 'topic', partition: 3, offset: 4 };

function deadLetter(key: Buffer | null = Buffer.from('key')): DeadLetter {
  const letter = { place, origin, key, reason: 'not JSON', attempts: 1, time: 'then', bytes: 9, isOmitted: false };
  return { id: 'topic/3/4', letter, waiting: [place] };
}

function page(value: Buffer | string | null, headers: LoggedRecord['headers'] = {}): string {
  const original = { ...origin, key: Buffer.from('key'), headers };
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return toPage(deadLetter(), { ...original, value: bytes }).join('\n');
}

describe('dead letters as they are printed', () => {
  it('are a table whose columns stand below each other', () => {
    expect(toTable([deadLetter(), deadLetter(Buffer.from('a longer key'))])).toEqual([
      'ID         KEY           WHEN  ATTEMPTS  STATE  WHY',
      'topic/3/4  key           then  1         waits  not JSON',
      'topic/3/4  a longer key  then  1         waits  not JSON',
    ]);
  });

  it.each([
    ['none', null, '(no key)'],
    ['one that would move the cursor', Buffer.from('a\u001b[2Jb\n'), 'a\\u{1b}[2Jb\\u{a}'],
    ['one that turns text around', Buffer.from('a\u202eb'), 'a\\u{202e}b'],
    ['one that is no text', Buffer.from([0xff, 1]), '0xff01'],
    ['a long one', Buffer.from('x'.repeat(100)), `${'x'.repeat(37)}...`],
  ])('have a key that is shown safely: %s', (_what, key, shown) => {
    expect(toTable([deadLetter(key)])[1]).toContain(`topic/3/4  ${shown}  then`);
  });

  it('are one line of JSON each for machines, without the value', () => {
    const line = toJsonLine(deadLetter());
    expect(line).not.toContain('\n');
    expect(JSON.parse(line)).toEqual({
      id: 'topic/3/4',
      key: 'key',
      time: 'then',
      attempts: 1,
      reason: 'not JSON',
      bytes: 9,
      valueOmitted: false,
      waiting: true,
    });
  });

  it.each([
    ['a tombstone', null, 'No value: a tombstone.'],
    ['an empty value', '', 'An empty value: 0 bytes.'],
    ['JSON', '{"a":[1]}', 'A value of JSON, 9 bytes:\n{\n  "a": [\n    1\n  ]\n}'],
    ['text', 'hello\u0007\nthere', 'A value of text that is not JSON, 12 bytes:\nhello\\u{7}\nthere'],
    ['bytes', Buffer.from([0xff, 0x41, 0]), 'A binary value of 3 bytes, which begins:\n0000  ff 41 00'],
  ])('show a value as what it is: %s', (_what, value, shown) => {
    expect(page(value)).toContain(`\n\n${shown}`);
  });

  it.each([5_000, 100_000])('show JSON as it stands where indenting %d levels would bury it', (levels) => {
    const text = '['.repeat(levels) + ']'.repeat(levels);
    expect(page(text).endsWith(`A value of JSON, ${text.length} bytes:\n${text}`)).toBe(true);
  });

  it('show every header, also one that is repeated or no text', () => {
    expect(page(null, { one: 'a\u001b', two: ['b', Buffer.from([0xff])] })).toMatch(
      /header one +a\\u\{1b\}\nheader two +b\nheader two +0xff\n/,
    );
  });

  it('say so where the log does not have the value any more', () => {
    expect(toPage(deadLetter(), undefined).at(-1)).toBe('The value is not in the log any more.');
  });
});
