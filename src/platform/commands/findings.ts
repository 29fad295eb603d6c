import type { Finding, FindingKind } from '../maintenance/findings.js';
import { formatCount } from './progress.js';

const MAX_PRINTED = 20;

/** Prints the first findings of each kind. */
export class FindingPrinter {
  private readonly counts = new Map<FindingKind, number>();

  constructor(private readonly print: (line: string) => void = console.log) {}

  readonly add = ({ kind, sentence }: Finding): void => {
    const count = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, count);
    if (count <= MAX_PRINTED) this.print(sentence);
    if (count === MAX_PRINTED + 1) this.print('...');
  };
}

/** Prints how many unreadable records were skipped, if any. */
export function printSkipped(count: number): void {
  if (count > 0) console.log(`${formatCount(count, 'unreadable record')} skipped (see dlt list)`);
}
