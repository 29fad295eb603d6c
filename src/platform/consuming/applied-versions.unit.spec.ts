import { describe, expect, it } from '@jest/globals';
import type { LoggedRecord } from '../log/bus.js';
import { record } from '../testing/recorder.js';
import { AppliedVersions } from './applied-versions.js';

/** A record of an aggregate's event. */
function versionOf(subject: string, sequence: number, source = '/items'): LoggedRecord {
  const headers = { ce_source: source, ce_subject: subject, ce_sequence: String(sequence) };
  return { ...record(subject, ''), ...{ topic: 'topic', partition: 0, offset: 0, headers } };
}

describe('the versions that a subscription has applied', () => {
  it('are new once, in order', () => {
    const versions = new AppliedVersions();

    expect(versions.addAll([versionOf('a', 1), versionOf('b', 1), versionOf('a', 2)])).toBe(0);
    expect(versions.addAll([versionOf('a', 2), versionOf('a', 1), versionOf('b', 2)])).toBe(2);
    expect(versions.addAll([versionOf('a', 4), versionOf('a', 3)])).toBe(1);
  });

  it('are those of one source: two contexts may confirm one erasure', () => {
    const versions = new AppliedVersions();

    expect(versions.addAll([versionOf('a', 2, '/orders'), versionOf('a', 2, '/letters')])).toBe(0);
  });

  it('are new where the headers do not say them', () => {
    const versions = new AppliedVersions();
    const bare = { ...versionOf('a', 1), headers: {} };

    expect(versions.addAll([bare, bare])).toBe(0);
  });
});
