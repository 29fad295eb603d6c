import { EventEmitter } from 'node:events';
import { unavailable } from '../tools/errors.js';
import { newestOfEach, type Projection, type ProjectionStore, type Versioned } from './projection.js';
import { WAIT_SLOTS } from './wait-slots.js';

/** Interval between two reads without a notification: another instance may have updated the copy. */
const POLL_INTERVAL_MS = 100;

/** A reader that listens for a copy. */
interface Listening<State> {
  /** Resolves with the copy once this process has applied it; with undefined after a time. */
  readonly arrived: Promise<Versioned<State> | undefined>;
  readonly end: () => void;
}

/**
 * Lets readers of a projection wait for a version. Readers in the same process get the copy as soon as it is applied.
 */
export class AwaitedProjection<State> implements Projection<State> {
  private readonly arrivals = new EventEmitter().setMaxListeners(0);

  /** @param stopping aborted when the process stops: readers stop waiting */
  constructor(
    private readonly store: ProjectionStore<State>,
    private readonly stopping: AbortSignal,
    private readonly slots = WAIT_SLOTS,
  ) {}

  async apply(entries: readonly Versioned<State>[]): Promise<void> {
    await this.store.apply(entries);
    for (const entry of newestOfEach(entries)) this.arrivals.emit(eventOf(entry.id), entry);
  }

  find(id: string): Promise<Versioned<State> | undefined> {
    return this.store.find(id);
  }

  async findAtLeast(id: string, version: number, waitSeconds: number): Promise<Versioned<State>> {
    const deadline = performance.now() + waitSeconds * 1000;
    let freeSlot: (() => void) | undefined;
    try {
      // The database may be closed once the process stops.
      while (!this.stopping.aborted) {
        const left = deadline - performance.now();
        // Listens before it reads, so that no copy in between is missed.
        const listening = left > 0 ? this.listen(id, version, Math.min(left, POLL_INTERVAL_MS)) : undefined;
        try {
          const copy = await this.store.find(id);
          if (copy && copy.version >= version) return copy;
          freeSlot ??= listening && this.slots.take();
          if (!listening || !freeSlot) break;
          const arrived = await listening.arrived;
          if (arrived) return arrived;
        } finally {
          listening?.end();
        }
      }
    } finally {
      freeSlot?.();
    }
    throw unavailable(`version ${version} has not arrived here yet`);
  }

  /** Plain timers, because an abort signal for each is large. */
  private listen(id: string, version: number, timeoutMs: number): Listening<State> {
    let end: () => void = () => undefined;
    const arrived = new Promise<Versioned<State> | undefined>((resolve) => {
      const onArrival = (copy: Versioned<State>) => {
        if (copy.version >= version) resolve(copy);
      };
      const timer = setTimeout(() => resolve(undefined), timeoutMs);
      this.arrivals.on(eventOf(id), onArrival);
      end = () => {
        clearTimeout(timer);
        this.arrivals.off(eventOf(id), onArrival);
      };
    });
    return { arrived, end: () => end() };
  }
}

/** Adds a prefix, because an id may be the name of a special event such as `error`. */
function eventOf(id: string): string {
  return `moved ${id}`;
}
