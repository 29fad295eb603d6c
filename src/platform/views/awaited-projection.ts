import { EventEmitter, once } from 'node:events';
import { unavailable } from '../tools/errors.js';
import type { Projection, ProjectionStore, Versioned } from './projection.js';

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
  ) {}

  async apply(entries: readonly Versioned<State>[]): Promise<void> {
    await this.store.apply(entries);
    for (const { id } of entries) this.moved.emit(eventOf(id));
  }

  find(id: string): Promise<Versioned<State> | undefined> {
    return this.store.find(id);
  }

  async findAtLeast(id: string, version: number, waitSeconds: number): Promise<Versioned<State>> {
    const deadline = Date.now() + waitSeconds * 1000;
    for (;;) {
      const left = deadline - Date.now();
      // Listens before it reads, so that no update in between is missed.
      const moved = left > 0 ? this.nextMove(id, Math.min(left, POLL_INTERVAL_MS)) : undefined;
      const copy = await this.store.find(id);
      if (copy && copy.version >= version) return copy;
      if (!moved || this.stopping.aborted) throw unavailable(`version ${version} has not arrived here yet`);
      await moved;
    }
  }

  private async nextMove(id: string, timeoutMs: number): Promise<void> {
    const signal = AbortSignal.timeout(timeoutMs);
    await once(this.moved, eventOf(id), { signal }).catch(() => undefined);
  }
}

/** Adds a prefix, because an id may be the name of a special event such as `error`. */
function eventOf(id: string): string {
  return `moved ${id}`;
}
