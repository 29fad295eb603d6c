import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { NewestVersions } from './newest-versions.js';

const SLOTS = 2 ** 12;

describe('the newest versions of aggregates', () => {
  it('are those that were added last or first, however many there are', () => {
    const versions = new NewestVersions();
    const ids = Array.from({ length: 3 * SLOTS }, (_, index) => (index % 2 === 0 ? randomUUID() : `id ${index}`));
    for (const [index, id] of ids.entries()) versions.add(id, { version: index + 2, offset: index });
    for (const id of ids.slice(SLOTS)) versions.add(id, { version: 1, offset: -1 });
    for (const [index, id] of ids.entries()) {
      expect(versions.of(id)).toEqual({ version: index + 2, offset: index });
    }
    expect(versions.of(randomUUID())).toBeUndefined();
    expect(versions.of('')).toBeUndefined();
  });

  it('are kept apart for ids that differ in one digit, or only in their letters', () => {
    const versions = new NewestVersions();
    const id = '0b6ef9c0-0000-4000-8000-00000000000a';
    const others = Array.from(id).flatMap((digit, index) =>
      digit === '-' ? [] : `${id.slice(0, index)}${digit === '1' ? '2' : '1'}${id.slice(index + 1)}`,
    );
    const all = [id, id.toUpperCase(), ...others];
    for (const [index, each] of all.entries()) versions.add(each, { version: index + 1, offset: 0 });
    expect(all.map((each) => versions.of(each)?.version)).toEqual(all.map((_, index) => index + 1));
  });

  it('are as large as a version can be', () => {
    const versions = new NewestVersions();
    const largest = { version: 999_999_999_999_999, offset: Number.MAX_SAFE_INTEGER };
    versions.add('a', largest);
    expect(versions.of('a')).toEqual(largest);
  });

  it('are unknown of those who came when it was full, and none is forgotten', () => {
    const versions = new NewestVersions(SLOTS);
    const ids = Array.from({ length: SLOTS }, () => randomUUID());
    for (const id of ids) versions.add(id, { version: 7, offset: 0 });
    for (const id of ids) versions.add(id, { version: 8, offset: 0 });
    const known = ids.map((id) => versions.of(id)?.version);
    expect(known.filter((version) => version === 8)).toHaveLength(Math.floor(SLOTS * 0.7));
    expect(known.filter((version) => version === 7)).toEqual([]);
  });
});
