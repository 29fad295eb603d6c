import { EventEmitter, once } from 'node:events';

/** Tells those who wait in this process that a copy has moved. */
export class Arrivals {
  private readonly moved = new EventEmitter().setMaxListeners(0);

  /** The copies with these ids have moved. */
  announce(ids: readonly string[]): void {
    for (const id of ids) this.moved.emit(eventOf(id));
  }

  /** Answers when the copy has moved, or after `milliseconds`. */
  async next(id: string, milliseconds: number): Promise<void> {
    const signal = AbortSignal.timeout(milliseconds);
    await once(this.moved, eventOf(id), { signal }).catch(() => undefined);
  }
}

function eventOf(id: string): string {
  return `moved ${id}`;
}
