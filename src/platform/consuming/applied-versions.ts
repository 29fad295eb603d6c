import type { LoggedRecord } from '../log/bus.js';
import { RecentMap } from '../tools/recent-map.js';

/** Aggregates whose newest version is remembered: a duplicate follows soon after. */
const MAX_AGGREGATES = 20_000;
const KEPT_MS = 10 * 60_000;

/** The newest version of each aggregate that a subscription has applied lately, as the headers of its records say. */
export class AppliedVersions {
  private readonly newest = new RecentMap<string, number>(MAX_AGGREGATES, KEPT_MS);

  /** Adds records in order. Returns the number of those whose version, or a newer one, was there before. */
  addAll(records: readonly LoggedRecord[]): number {
    let known = 0;
    for (const { headers } of records) {
      const { ce_source: source, ce_subject: subject, ce_sequence: sequence } = headers;
      const version = Number(sequence);
      if (typeof source !== 'string' || typeof subject !== 'string' || Number.isNaN(version)) continue;
      const aggregate = `${source} ${subject}`;
      if (version <= (this.newest.get(aggregate) ?? 0)) known += 1;
      else this.newest.set(aggregate, version);
    }
    return known;
  }
}
