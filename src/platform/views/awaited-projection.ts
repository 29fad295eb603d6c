import { EventEmitter } from 'node:events';
import { unavailable } from '../tools/errors.js';
import type { Projection, ProjectionStore, Versioned } from './projection.js';
import { WAIT_SLOTS } from './wait-slots.js';

/** Interval between two reads without a notification: another instance may have updated the copy. */
const POLL_INTERVAL_MS = 100;

/**
 * Lets readers of a projection wait for a version. Readers in the same process are notified as soon as it is applied.
 */
export class AwaitedProjection<State> implements Projection<State> {
  private readonly moved = new EventEmitter().setMaxListeners(0);

  /** @param stopping aborted when the process stops: readers stop waiting */
  constructor(
    private readonly store: ProjectionStore<State>,
    private readonly stopping: AbortSignal,
    private readonly slots = WAIT_SLOTS,
  ) {}

  async apply(entries: readonly Versioned<State>[]): Promise<void> {
    await this.store.apply(entries);
    for (const { id } of entries) this.moved.emit(eventOf(id));
  }

  find(id: string): Promise<Versioned<State> | undefined> {
    return this.store.find(id);
  }

  async findAtLeast(id: string, version: number, waitSeconds: number): Promise<Versioned<State>> {
    const copy = await this.store.find(id);
    if (copy && copy.version >= version) return copy;
    const free = waitSeconds > 0 ? this.slots.take() : undefined;
    if (!free) throw notArrived(version);
    try {
      return await this.wait(id, version, performance.now() + waitSeconds * 1000);
    } finally {
      free();
    }
  }

  private async wait(id: string, version: number, deadline: number): Promise<Versioned<State>> {
    // The database may be closed once the process stops.
    while (!this.stopping.aborted) {
      const left = deadline - performance.now();
      // Listens before it reads, so that no update in between is missed.
      const moved = left > 0 ? this.nextMove(id, Math.min(left, POLL_INTERVAL_MS)) : undefined;
      const copy = await this.store.find(id);
      if (copy && copy.version >= version) return copy;
      if (!moved) break;
      await moved;
    }
    throw notArrived(version);
  }

  /** Resolves after an update of the copy, or after a time. Plain timers, because an abort signal for each is large. */
  private nextMove(id: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.moved.off(eventOf(id), done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.moved.on(eventOf(id), done);
    });
  }
}

function notArrived(version: number): Error {
  return unavailable(`version ${version} has not arrived here yet`);
}

/** Adds a prefix, because an id may be the name of a special event such as `error`. */
function eventOf(id: string): string {
  return `moved ${id}`;
}
