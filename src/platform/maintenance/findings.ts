import type { Fault } from '../rebuilding/chain.js';
import type { Difference } from '../rebuilding/compare.js';
import type { Conflict } from '../rebuilding/conflicts.js';
import { type Link, placeOf } from '../rebuilding/links.js';
import type { RefusedRecord } from '../rebuilding/projector.js';

/** A place in an aggregate's history, without its content. */
export interface HistoryPlace {
  readonly version: number;
  readonly hash?: string | undefined;
}

/** One finding, as data and as a sentence. Neither has a value of a document or record, which may be personal data. */
export type Finding = { readonly sentence: string } & (
  | {
      /** A record of the log that was altered, added or removed. */
      readonly kind: 'fault';
      readonly where: string;
      readonly what: string;
    }
  | {
      /** A record that cannot be applied. */
      readonly kind: 'unreadable';
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
      readonly reason: string;
    }
  | {
      /** An aggregate that is ahead of the log, or has two histories. */
      readonly kind: 'conflict';
      readonly standing: Conflict['kind'];
      readonly topic: string;
      readonly id: string;
      readonly stored?: HistoryPlace;
      readonly logged?: HistoryPlace & Pick<Link, 'partition' | 'offset'>;
      readonly missing?: Conflict['missing'];
    }
  | {
      /** `ahead`: a document that the log lacks, or with newer data. `difference`: any other that differs from the log. */
      readonly kind: 'ahead' | 'difference';
      readonly collection: string;
      readonly key: string;
      readonly difference: Difference['kind'];
      /** JSON Pointers of the fields that differ. */
      readonly fields: readonly string[];
    }
);

export type FindingKind = Finding['kind'];

/** The findings of one kind: how many there are, and the first of them. */
export interface Found {
  readonly count: number;
  readonly first: readonly Finding[];
}

export type Findings = Readonly<Record<FindingKind, Found>>;

const MAX_FIRST = 20;

/** Counts findings by kind, and remembers the first of each. */
export class FindingTally {
  private readonly kinds = new Map<FindingKind, { count: number; readonly first: Finding[] }>();

  constructor(private readonly onFinding: (finding: Finding) => void = () => undefined) {}

  readonly add = (finding: Finding): void => {
    const found = this.kinds.get(finding.kind) ?? { count: 0, first: [] };
    this.kinds.set(finding.kind, found);
    found.count += 1;
    if (found.count <= MAX_FIRST) found.first.push(finding);
    this.onFinding(finding);
  };

  count(kind: FindingKind): number {
    return this.kinds.get(kind)?.count ?? 0;
  }

  all(): Findings {
    const found = (kind: FindingKind): Found => ({
      count: this.count(kind),
      first: [...(this.kinds.get(kind)?.first ?? [])],
    });
    return {
      fault: found('fault'),
      unreadable: found('unreadable'),
      conflict: found('conflict'),
      ahead: found('ahead'),
      difference: found('difference'),
    };
  }
}

export function findingOfFault({ where, what }: Fault): Finding {
  return { kind: 'fault', where, what, sentence: `${where}: ${what}` };
}

export function findingOfRefused({ record, reason }: RefusedRecord): Finding {
  const { topic, partition, offset } = record;
  const sentence = `unreadable: ${placeOf(record)}: ${reason}`;
  return { kind: 'unreadable', topic, partition, offset, reason, sentence };
}

/** @param kind `ahead` if a repair would lose data */
export function findingOfDifference(difference: Difference, kind: 'ahead' | 'difference' = 'difference'): Finding {
  const { collection, key, fields } = difference;
  return { kind, collection, key, difference: difference.kind, fields, sentence: describeDifference(difference) };
}

export function findingOfConflict(conflict: Conflict): Finding {
  const { topic, id, kind: standing, head, logged, missing } = conflict;
  return {
    ...{ kind: 'conflict', standing, topic, id, sentence: describeConflict(conflict) },
    ...(head && { stored: { version: head.version, hash: head.hash } }),
    ...(logged && {
      logged: { version: logged.version, hash: logged.hash, partition: logged.partition, offset: logged.offset },
    }),
    ...(missing && { missing: { from: missing.from, to: missing.to } }),
  };
}

function describeDifference({ collection, key, kind, fields }: Difference): string {
  const verdicts = {
    missing: 'is missing',
    extra: 'is not in the log',
    different: `differs from the log at ${fields.slice(0, 5).join(', ')}${fields.length > 5 ? ', ...' : ''}`,
  };
  return `${collection} ${key}: ${verdicts[kind]}`;
}

/** Returns the version and hash of the aggregate on each side. */
function describeConflict({ topic, id, kind: standing, head, logged, missing }: Conflict): string {
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
  if (standing === 'behind') return `${subject} behind the checkpoint: ${both}; replay restores it`;
  const place = logged ? ` at ${placeOf({ ...logged, id: undefined })}` : '';
  return `${subject} forked: ${both}${place}`;
}
