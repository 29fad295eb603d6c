import { Worker } from 'node:worker_threads';
import type { Bus, NextRecord } from '../log/bus.js';
import { sumOf } from '../log/progress.js';
import type { AllKeys } from '../privacy/keys-of-log.js';
import type { Links } from '../rebuilding/links.js';
import type { LogProjector } from '../rebuilding/projector.js';
import type { RebuildScope } from '../rebuilding/replayable.js';
import { divideLog } from '../rebuilding/shares.js';
import { ThreadCalls } from '../tools/thread-calls.js';
import type { Finding } from './findings.js';
import type { Coordinating, RebuildPart } from './rebuild-worker.js';

/** The program's entry point, which a worker starts with, too. */
const PROGRAM = new URL('../../main.js', import.meta.url);
/** A worker that does not end by itself is ended, in milliseconds. */
const PATIENCE_MS = 10_000;

/** What the coordinator calls in a worker. */
export interface Working {
  fill(part: RebuildPart): Promise<readonly NextRecord[]>;
  stop(): void;
}

/** What a thread of the program is for. */
export interface WorkerData {
  readonly rebuildOf: string;
}

/** What the workers of a rebuild share. */
export interface Shared {
  readonly module: string;
  /** Name of the rebuild. */
  readonly rebuild: string;
  readonly only: RebuildScope | undefined;
  readonly keysOf: (topic: string) => AllKeys;
  readonly links: Pick<Links, 'add' | 'remove'>;
  readonly onFinding: (finding: Finding) => void;
}

/** Threads that fill the new collections of a rebuild together, each from some of the partitions. */
export class RebuildWorkers {
  private readonly reports = new Map<number, LogProjector['progress']>();

  constructor(
    private readonly bus: Bus,
    private readonly shared: Shared,
    private readonly signal: AbortSignal,
  ) {}

  /** Records handled so far, and records in total. */
  get progress(): LogProjector['progress'] {
    return sumOf(this.reports.values());
  }

  /**
   * Reads the topics to their ends. When one worker fails, the others stop.
   * @returns where the reading of each partition can go on
   * @throws the first worker's error
   */
  async fill(topics: readonly string[], count: number): Promise<readonly NextRecord[]> {
    const shares = await divideLog(this.bus, topics, count);
    const failing = new AbortController();
    const ending = AbortSignal.any([this.signal, failing.signal]);
    const filling = shares.map(async (partitions, index) => {
      try {
        return await this.fillPart(partitions, index, ending);
      } catch (error) {
        failing.abort(error);
        throw error;
      }
    });
    await Promise.allSettled(filling);
    ending.throwIfAborted();
    return (await Promise.all(filling)).flat();
  }

  private async fillPart(
    partitions: RebuildPart['partitions'],
    index: number,
    ending: AbortSignal,
  ): Promise<readonly NextRecord[]> {
    const { module, rebuild, only } = this.shared;
    const worker = new Worker(PROGRAM, { workerData: { rebuildOf: module } satisfies WorkerData, argv: [] });
    const calls = new ThreadCalls<Working>(worker, this.coordinatingFor(index));
    const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.once('error', (error) => calls.end(error));
    void gone.then(() => calls.end(new Error('a worker of the rebuild ended unexpectedly')));
    const stop = () => void calls.other.stop().catch(() => undefined);
    ending.addEventListener('abort', stop, { once: true });
    try {
      ending.throwIfAborted();
      return await calls.other.fill({ rebuild, only, partitions });
    } finally {
      ending.removeEventListener('abort', stop);
      const timer = setTimeout(() => void worker.terminate(), PATIENCE_MS);
      await gone;
      clearTimeout(timer);
    }
  }

  private coordinatingFor(index: number) {
    const { keysOf, links, onFinding } = this.shared;
    return {
      findKeys: (topic, persons) => keysOf(topic).copies.find(persons),
      findNewKeys: async (topic, persons) => {
        const keys = keysOf(topic);
        const found = await keys.find(persons);
        return { found, lost: persons.filter((person) => keys.lost.has(person)) };
      },
      findRemovedKeys: (topic, persons) => keysOf(topic).copies.removed(persons),
      dropErased: async (topic, persons) => {
        await keysOf(topic).copies.shred(persons);
        keysOf(topic).erased(persons.keys());
      },
      addLinks: (some) => links.add(some),
      removeLinks: (some) => links.remove(some),
      found: onFinding,
      report: (progress) => void this.reports.set(index, progress),
    } satisfies Coordinating;
  }
}
