import type { Aggregate } from '../aggregate/aggregates.js';
import type { Repair } from '../rebuilding/auditable.js';
import type { Difference } from '../rebuilding/compare.js';
import type { Replayable, SystemOfRecord } from '../rebuilding/replayable.js';
import { restoreInto } from '../rebuilding/restore-into.js';
import type { StateChange } from '../views/read-own-events.js';

const BATCH_SIZE = 500;
/** Batches that are repaired at the same time, while the comparison goes on. */
const CONCURRENT = 3;

/** Makes documents equal to what the log yields, many at a time. */
export class Repairs {
  private waiting: Difference[] = [];
  private readonly running = new Set<Promise<void>>();
  private failure: { readonly error: unknown } | undefined;

  /** @param rebuilt what the log yields */
  constructor(
    private readonly live: Replayable,
    private readonly rebuilt: Replayable,
  ) {}

  /** Repairs a document, with others that are added later. @throws PlatformError `unavailable` */
  async add(difference: Difference): Promise<void> {
    this.waiting.push(difference);
    if (this.waiting.length < BATCH_SIZE) return;
    while (this.running.size >= CONCURRENT) await Promise.race(this.running);
    this.throwFailure();
    this.begin();
  }

  /** Resolves when all are repaired. @throws PlatformError `unavailable` */
  async finish(): Promise<void> {
    this.begin();
    await Promise.all(this.running);
    this.throwFailure();
  }

  private begin(): void {
    const repairing: Promise<void> = this.repair(this.waiting)
      .catch((error: unknown) => {
        this.failure ??= { error };
      })
      .finally(() => this.running.delete(repairing));
    this.running.add(repairing);
    this.waiting = [];
  }

  private throwFailure(): void {
    if (this.failure) throw this.failure.error;
  }

  private async repair(some: readonly Difference[]): Promise<void> {
    for (const live of this.live.collections) {
      const own = some.filter(({ collection }) => collection === live.collection);
      const at = this.live.systemsOfRecord.findIndex(({ states }) => states.collection === live.collection);
      const isNewState = (each: Difference) => at >= 0 && isNewer(each);
      await this.restore(at, own.filter(isNewState));
      await live.repair(own.filter((each) => !isNewState(each)).map(toRepair));
    }
  }

  /** With the keys of the persons, without which the next event would be sealed with another one. */
  private async restore(at: number, differences: readonly Difference[]): Promise<void> {
    if (differences.length === 0) return;
    const { store } = this.live.systemsOfRecord[at] as SystemOfRecord;
    const { keys } = this.rebuilt.systemsOfRecord[at] as SystemOfRecord;
    const changes = differences.map(
      ({ key, expected }) => ({ id: key, ...expected?.content }) as unknown as StateChange<Aggregate>,
    );
    await restoreInto(store, changes, keys?.source);
  }
}

function isNewer({ expected, found }: Difference): boolean {
  return expected !== undefined && Number(expected.content.version) > Number(found?.content.version ?? 0);
}

function toRepair({ key, found, expected }: Difference): Repair {
  return { key, seen: found, expected };
}
