import type { Aggregate } from '../aggregate/aggregates.js';
import type { Difference } from '../rebuilding/compare.js';
import type { Replayable } from '../rebuilding/replayable.js';
import { restoreInto } from '../rebuilding/restore-into.js';
import type { StateChange } from '../views/read-own-events.js';

/** Repairs at the same time, at most. */
const MAX_UNDER_WAY = 64;

/** Makes documents equal to what the log yields, several at a time. */
export class Repairs {
  private readonly underWay = new Set<Promise<void>>();
  private failure: { readonly error: unknown } | undefined;

  /** @param rebuilt what the log yields */
  constructor(
    private readonly live: Replayable,
    private readonly rebuilt: Replayable,
  ) {}

  /** Begins a repair, once there is room for it. @throws the error of an earlier one */
  async add(difference: Difference): Promise<void> {
    while (this.underWay.size >= MAX_UNDER_WAY) await Promise.race(this.underWay);
    this.throwFailure();
    const repair: Promise<void> = this.repair(difference)
      .catch((error: unknown) => {
        this.failure ??= { error };
      })
      .finally(() => this.underWay.delete(repair));
    this.underWay.add(repair);
  }

  /** Resolves when all are done. @throws the error of one that failed */
  async finish(): Promise<void> {
    await Promise.all(this.underWay);
    this.throwFailure();
  }

  private throwFailure(): void {
    if (this.failure) throw this.failure.error;
  }

  private async repair({ collection, key, found, expected }: Difference): Promise<void> {
    const { collections, systemsOfRecord } = this.live;
    const at = systemsOfRecord.findIndex(({ states }) => states.collection === collection);
    const [own, theirs] = [systemsOfRecord[at], this.rebuilt.systemsOfRecord[at]];
    const isNewer = expected && Number(expected.content.version) > Number(found?.content.version ?? 0);
    if (own?.store.keysTopic !== undefined && theirs?.keys && isNewer) {
      // With the person's key, without which the next event would be sealed with another one.
      const change = { id: key, ...expected.content } as unknown as StateChange<Aggregate>;
      await restoreInto(own.store, [change], theirs.keys.source);
      return;
    }
    await collections.find((each) => each.collection === collection)?.repair(key, found, expected);
  }
}
