import type { Unread } from '../platform/replay/fold.js';
import { placeOf } from '../platform/verify/chain.js';
import type { Difference } from '../platform/verify/compare.js';
import { counted } from './progress.js';

const MOST_NAMED = 20;

/** Findings of one sort: the first ones are named, all are counted. */
export class Findings {
  count = 0;

  constructor(private readonly print: (line: string) => void = console.log) {}

  add(line: string): void {
    this.count += 1;
    if (this.count <= MOST_NAMED) this.print(line);
    if (this.count === MOST_NAMED + 1) this.print('...');
  }
}

/** One line that names the document, and what differs in it; no values, which may be personal. */
export function describeDifference({ collection, key, kind, fields }: Difference): string {
  const what = {
    missing: 'is missing',
    extra: 'is not in the log',
    different: `differs from the log at ${fields.slice(0, 5).join(', ')}${fields.length > 5 ? ', ...' : ''}`,
  };
  return `${collection} ${key}: ${what[kind]}`;
}

/** Tells of records that can be made nothing of: the dead letters have them. */
export function unreadSummary(count: number): string[] {
  return count === 0 ? [] : [`${counted(count, 'record')} that cannot be read passed over (see dlt list)`];
}

/** One line that names the record. */
export function describeUnread({ record, reason }: Unread): string {
  return `${placeOf(record)}: ${reason}`;
}
