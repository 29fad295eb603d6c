import { WriteFence } from './write-fence.js';

/**
 * Runs the updates of a database: writes that depend on what they have read. They run one at a time for each collection,
 * whichever store asks for them. During a swap none runs, so that none reads before it and writes after it.
 */
export class Updates {
  readonly fence = new WriteFence();
  /** The last update of each collection, which never rejects. */
  private readonly last = new Map<string, Promise<unknown>>();

  /** An update must not ask for another one: it would wait for itself. */
  run<T>(collection: string, update: () => Promise<T>): Promise<T> {
    const before = this.last.get(collection);
    const done = before ? before.then(() => this.fence.pass(update)) : this.fence.pass(update);
    const settled = done.then(
      () => undefined,
      () => undefined,
    );
    this.last.set(collection, settled);
    return done;
  }
}
