import type { PendingCount } from '../consuming/pending-dead-letters.js';
import type { Dependency, DependencyHealth } from '../tools/dependency.js';
import type { BacklogReport } from '../outbox/backlog-watch.js';

export interface OutboxHealth {
  readonly pending: number;
  /** There are more than `pending`: very large backlogs are not counted completely. */
  readonly isMore?: true;
  /** Age of the oldest pending event. */
  readonly oldestSeconds?: number;
  /** RFC 3339 time of the count. */
  readonly asOf?: string;
  readonly detail?: string;
}

export interface DeadLettersHealth {
  /** Pending dead letters: those that have been neither redriven nor discarded. */
  readonly waiting?: number;
  /** Our own code failed on some of them since the process started. */
  readonly programmingError?: boolean;
  readonly detail?: string;
}

export interface Readiness {
  readonly status: 'ready' | 'degraded' | 'not-ready';
  readonly detail?: string;
  readonly dependencies: Readonly<Record<string, DependencyHealth>>;
  /** By topic: committed events that are not yet published. */
  readonly outbox: Readonly<Record<string, OutboxHealth>>;
  /** By dead-letter topic. They degrade readiness only if our own code failed: other records are still processed. */
  readonly deadLetters: Readonly<Record<string, DeadLettersHealth>>;
}

/** Collects the dependencies of the process and reports its readiness. */
export class Health {
  private readonly dependencies: Dependency[] = [];
  private reportBacklogs: () => Promise<readonly BacklogReport[]> = () => Promise.resolve([]);
  /** Dead-letter topics that received records because our own code failed. */
  private readonly programmingErrors = new Set<string>();
  private countDeadLetters: () => Promise<readonly PendingCount[]> = () => Promise.resolve([]);
  /** Why the process as a whole is not ready: it is starting or stopping. */
  notServing: string | undefined = 'starting';

  add(dependency: Dependency): void {
    this.dependencies.push(dependency);
  }

  /** @param report never throws, and takes no longer than a dependency check */
  watchOutboxes(report: () => Promise<readonly BacklogReport[]>): void {
    this.reportBacklogs = report;
  }

  /** @param count never throws, and takes no longer than a dependency check */
  watchDeadLetters(count: () => Promise<readonly PendingCount[]>): void {
    this.countDeadLetters = count;
  }

  /**
   * Degrades readiness until all dead letters of the topic are redriven or discarded, or until a restart. While their number is
   * unknown, readiness stays degraded.
   */
  noteProgrammingError(deadLetterTopic: string): void {
    this.programmingErrors.add(deadLetterTopic);
  }

  async readiness(): Promise<Readiness> {
    const counting = this.countDeadLetters();
    const reporting = this.reportBacklogs();
    const checked = await Promise.all(
      this.dependencies.map(async (dependency) => ({ dependency, health: await dependency.check() })),
    );
    const down = checked.filter(({ health }) => !health.up);
    const blocked = this.notServing !== undefined || down.some(({ dependency }) => dependency.required());
    const deadLetters = (await counting).map((each) => [each.deadLetterTopic, this.toHealth(each)] as const);
    const isDegraded = down.length > 0 || deadLetters.some(([, { programmingError }]) => programmingError);
    return {
      status: blocked ? 'not-ready' : isDegraded ? 'degraded' : 'ready',
      ...(this.notServing !== undefined && { detail: this.notServing }),
      dependencies: Object.fromEntries(checked.map(({ dependency, health }) => [dependency.name, health])),
      outbox: Object.fromEntries((await reporting).map((each) => [each.topic, toOutboxHealth(each)])),
      deadLetters: Object.fromEntries(deadLetters),
    };
  }

  private toHealth({ deadLetterTopic, pending }: PendingCount): DeadLettersHealth {
    const programmingError = pending !== 0 && this.programmingErrors.has(deadLetterTopic);
    const count = pending === undefined ? { detail: 'unknown: the bus does not answer' } : { waiting: pending };
    return { ...count, ...(programmingError && { programmingError }) };
  }
}

function toOutboxHealth({ events, isMore, oldestSeconds, asOf }: BacklogReport): OutboxHealth {
  if (events === undefined) return { pending: 0, detail: 'unknown: the database does not answer' };
  return {
    pending: events,
    ...(isMore && { isMore }),
    ...(oldestSeconds !== undefined && { oldestSeconds }),
    ...(asOf !== undefined && { asOf }),
  };
}
