import type { RefusedRecord } from '../rebuilding/projector.js';
import type { Conflict } from '../rebuilding/conflicts.js';
import { placeOf } from '../rebuilding/links.js';
import type { Difference } from '../rebuilding/compare.js';
import { formatCount } from './progress.js';

const MAX_PRINTED = 20;

/** Prints the first findings of one kind and counts all. */
export class FindingPrinter {
  count = 0;

  constructor(private readonly print: (line: string) => void = console.log) {}

  add(line: string): void {
    this.count += 1;
    if (this.count <= MAX_PRINTED) this.print(line);
    if (this.count === MAX_PRINTED + 1) this.print('...');
  }
}

/** Returns one line with the document and the differing fields; without values, which may be personal data. */
export function describeDifference({ collection, key, kind, fields }: Difference): string {
  const verdicts = {
    missing: 'is missing',
    extra: 'is not in the log',
    different: `differs from the log at ${fields.slice(0, 5).join(', ')}${fields.length > 5 ? ', ...' : ''}`,
  };
  return `${collection} ${key}: ${verdicts[kind]}`;
}

/** Returns one line with an aggregate that is ahead of the log or forked, and the version and hash on each side. */
export function describeConflict({ topic, id, kind: standing, head, logged, missing }: Conflict): string {
  const subject = `${topic} ${id}:`;
  if (missing) {
    const versions =
      missing.from === missing.to ? `version ${missing.from}` : `versions ${missing.from} to ${missing.to}`;
    return `${subject} ahead of the log: the history has ${versions}, which the log lacks`;
  }
  const stored = head ? `version ${head.version} (${head.hash ?? 'no hash'})` : 'nothing';
  const published = logged ? `version ${logged.version} (${logged.hash ?? 'no hash'})` : 'nothing';
  const both = `the database has ${stored}, the log has ${published}`;
  if (standing === 'ahead') return `${subject} ahead of the log: ${both}`;
  const place = logged ? ` at ${placeOf({ ...logged, id: undefined })}` : '';
  return `${subject} forked: ${both}${place}`;
}

/** Prints how many unreadable records were skipped, if any. */
export function printSkipped(count: number): void {
  if (count > 0) console.log(`${formatCount(count, 'unreadable record')} skipped (see dlt list)`);
}

/** Returns one line with the record and the reason. */
export function describeUnreadable({ record, reason }: RefusedRecord): string {
  return `unreadable: ${placeOf(record)}: ${reason}`;
}
