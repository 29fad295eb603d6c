import type { Unread } from '../rebuilding/projector.js';
import type { Conflict } from '../rebuilding/heads.js';
import { placeOf } from '../rebuilding/links.js';
import type { Difference } from '../rebuilding/compare.js';
import { counted } from './progress.js';

const MAX_NAMED = 20;

/** Findings of one sort: the first ones are named, all are counted. */
export class Findings {
  count = 0;

  constructor(private readonly print: (line: string) => void = console.log) {}

  add(line: string): void {
    this.count += 1;
    if (this.count <= MAX_NAMED) this.print(line);
    if (this.count === MAX_NAMED + 1) this.print('...');
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

/** One line that names an aggregate which the log does not lead to, and both branches where there are two. */
export function describeConflict({ topic, id, standing, head, logged, missing }: Conflict): string {
  const where = `${topic} ${id}:`;
  if (missing) {
    const versions =
      missing.from === missing.to ? `version ${missing.from}` : `versions ${missing.from} to ${missing.to}`;
    return `${where} ahead of the log: the history has ${versions}, and the log does not`;
  }
  const here = head ? `version ${head.version} (${head.hash ?? 'no hash'})` : 'nothing';
  const there = logged ? `version ${logged.version} (${logged.hash ?? 'no hash'})` : 'nothing';
  if (standing === 'ahead') return `${where} ahead of the log: the database has ${here}, the log ${there}`;
  const place = logged ? ` at ${placeOf({ ...logged, id: undefined })}` : '';
  return `${where} a fork: the database has ${here}, the log ${there}${place}`;
}

/** Tells of records that can be made nothing of: the dead letters have them. */
export function unreadSummary(count: number): string[] {
  return count === 0 ? [] : [`${counted(count, 'record')} that cannot be read passed over (see dlt list)`];
}

/** One line that names the record. */
export function describeUnread({ record, reason }: Unread): string {
  return `${placeOf(record)}: ${reason}`;
}
