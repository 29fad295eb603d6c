import { describe, expect, it } from '@jest/globals';
import type { LoggedRecord } from '../log/bus.js';
import type { ListedDeadLetter } from '../consuming/browse-dead-letters.js';
import { toGroupTable, toJsonLine, toPage, toTable } from './print-dead-letters.js';

const location = { topic: 'topic.group.dlt', partition: 1, offset: 2 };
const origin = { topic: 'topic', partition: 3, offset: 4 };

function deadLetter(key: Buffer | null = Buffer.from('key')): ListedDeadLetter {
  const latest = { location, origin, key, reason: 'not JSON', attempts: 1, time: 'then', bytes: 9, isOmitted: false };
  const locations = { pending: [location], unapplied: [location] };
  return { id: 'topic/3/4', latest, state: 'pending', ...locations, isHealed: false };
}

function page(value: Buffer | string | null, headers: LoggedRecord['headers'] = {}): string {
  const original = { ...origin, key: Buffer.from('key'), headers };
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return toPage(deadLetter(), { ...original, value: bytes }).join('\n');
}

describe('printed dead letters', () => {
  it('are a table with aligned columns', () => {
    expect(toTable([deadLetter(), deadLetter(Buffer.from('a longer key'))])).toEqual([
      'ID         KEY           TIME  ATTEMPTS  STATE    REASON',
      'topic/3/4  key           then  1         pending  not JSON',
      'topic/3/4  a longer key  then  1         pending  not JSON',
    ]);
  });

  it.each([
    ['none', null, '(no key)'],
    ['with a terminal escape sequence', Buffer.from('a\u001b[2Jb\n'), 'a\\u{1b}[2Jb\\u{a}'],
    ['with a right-to-left override', Buffer.from('a\u202eb'), 'a\\u{202e}b'],
    ['that is binary', Buffer.from([0xff, 1]), '0xff01'],
    ['that is long', Buffer.from('x'.repeat(100)), `${'x'.repeat(37)}...`],
  ])('show a key safely: %s', (_case, key, shown) => {
    expect(toTable([deadLetter(key)])[1]).toContain(`topic/3/4  ${shown}  then`);
  });

  it('are one line of JSON each, without the value', () => {
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
      state: 'pending',
      waiting: true,
    });
  });

  it('say that a newer event has healed one', () => {
    const healed = { ...deadLetter(), isHealed: true };
    expect(toTable([healed])[1]).toContain('pending, healed  not JSON');
    expect(JSON.parse(toJsonLine(healed))).toMatchObject({ state: 'pending', healed: true });
  });

  it('say when, why and by whom one was discarded', () => {
    const discard = { time: 'later', reason: 'a test\u001b', actor: 'user-1' };
    const discarded = { ...deadLetter(), state: 'discarded', pending: [], discarded: discard } as const;
    expect(toTable([discarded, deadLetter()])).toEqual([
      'ID         KEY  TIME  ATTEMPTS  STATE      REASON    DISCARDED BECAUSE',
      'topic/3/4  key  then  1         discarded  not JSON  a test\\u{1b}',
      'topic/3/4  key  then  1         pending    not JSON',
    ]);
    expect(JSON.parse(toJsonLine(discarded))).toMatchObject({ state: 'discarded', waiting: false, discarded: discard });
    expect(toPage(discarded, undefined)).toEqual(
      expect.arrayContaining(['discarded    later', 'because      a test\\u{1b}', 'by           user-1']),
    );
  });

  it('are a table of groups', () => {
    const times = { firstTime: 'first', lastTime: 'last' };
    expect(
      toGroupTable('type', [
        { name: 'test.changed', count: 12, ...times },
        { name: undefined, count: 1, ...times },
      ]),
    ).toEqual(['COUNT  FIRST  LAST  TYPE', '12     first  last  test.changed', '1      first  last  (unknown)']);
  });

  it.each([
    ['a tombstone', null, 'No value (tombstone).'],
    ['an empty value', '', 'Empty value, 0 bytes.'],
    ['JSON', '{"a":[1]}', 'JSON value, 9 bytes:\n{\n  "a": [\n    1\n  ]\n}'],
    ['text', 'hello\u0007\nthere', 'Text value (not JSON), 12 bytes:\nhello\\u{7}\nthere'],
    ['bytes', Buffer.from([0xff, 0x41, 0]), 'Binary value, 3 bytes, starting with:\n0000  ff 41 00'],
  ])('show a value by its format: %s', (_case, value, shown) => {
    expect(page(value)).toContain(`\n\n${shown}`);
  });

  it.each([5_000, 100_000])('do not indent JSON with %d levels', (levels) => {
    const text = '['.repeat(levels) + ']'.repeat(levels);
    expect(page(text).endsWith(`JSON value, ${text.length} bytes:\n${text}`)).toBe(true);
  });

  it('show every header, including repeated and binary ones', () => {
    expect(page(null, { one: 'a\u001b', two: ['b', Buffer.from([0xff])] })).toMatch(
      /header one +a\\u\{1b\}\nheader two +b\nheader two +0xff\n/,
    );
  });

  it('say when the log no longer has the value', () => {
    expect(toPage(deadLetter(), undefined).at(-1)).toBe('The log no longer has the value.');
  });
});
