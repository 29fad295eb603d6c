import { randomUUID } from 'node:crypto';
import type { Db, Document } from 'mongodb';
import { type Rebuild, RebuildOvertaken } from '../rebuilding/rebuild.js';
import { orUnavailable, succeedsUnless } from './errors.js';
import { type Fence, fenceIn, liftFence, raiseFence, writeConcern } from './fence.js';

/** A new collection. It is known by its UUID: one that was dropped may come back by a write, without what it had. */
interface Shadow {
  readonly name: string;
  readonly live: string;
  readonly uuid: string | undefined;
}

interface Found {
  readonly uuid: string;
  readonly fence?: Fence;
}

type Collections = ReadonlyMap<string, Found>;

const NAMESPACE_NOT_FOUND = 26;
/** Milliseconds that a fence stands before whoever meets it may take it for the leftover of a killed rebuild. */
const LIMIT = 5_000;
const MARK = 'rebuild-';

/**
 * Creates an empty collection beside each of the live ones; their names end in `.` and a suffix that `beside` is told.
 * Rebuilds of the same collections that have not come to their end are overtaken by it.
 * @throws RebuildOvertaken when another begins at the same moment.
 */
export async function beginRebuild<Database>(
  db: Db,
  collections: readonly string[],
  beside: (suffix: string) => Database,
  limit = LIMIT,
): Promise<Rebuild<Database>> {
  const suffix = `${MARK}${randomUUID()}`;
  return orUnavailable(async () => {
    await clearAway(db, collections);
    for (const live of collections) await db.createCollection(`${live}.${suffix}`);
    const found = await collectionsOf(db);
    const shadows = collections.map((live) => {
      const name = `${live}.${suffix}`;
      return { name, live, uuid: found.get(name)?.uuid };
    });
    if (shadows.some(({ uuid }) => uuid === undefined)) throw new RebuildOvertaken([]);
    return new MongoRebuild(db, shadows, suffix, beside(suffix), limit);
  });
}

async function clearAway(db: Db, collections: readonly string[]): Promise<void> {
  const found = await collectionsOf(db);
  for (const live of collections) {
    const shadows = [...found.keys()].filter((name) => name.startsWith(`${live}.${MARK}`));
    for (const shadow of shadows) await db.dropCollection(shadow);
    if (found.get(live)?.fence) await liftFence(db, live);
  }
}

/**
 * What decides is the shadow: to rename it is to swap, and to drop it is to put an end to the rebuild, whoever comes
 * first.
 */
class MongoRebuild<Database> implements Rebuild<Database> {
  constructor(
    private readonly db: Db,
    private readonly shadows: readonly Shadow[],
    private readonly suffix: string,
    readonly database: Database,
    private readonly limit: number,
  ) {}

  fence(): Promise<void> {
    return orUnavailable(async () => {
      const found = await collectionsOf(this.db);
      if (!this.shadows.every((shadow) => isThere(shadow, found))) throw new RebuildOvertaken([]);
      const until = new Date(Date.now() + this.limit);
      for (const { live, name: shadow } of this.shadows) await raiseFence(this.db, live, { shadow, until });
    });
  }

  swap(): Promise<void> {
    return orUnavailable(async () => {
      for (;;) {
        const found = await collectionsOf(this.db);
        const swapped = this.shadows.filter(({ live, uuid }) => found.get(live)?.uuid === uuid);
        const left = this.shadows.filter((shadow) => !swapped.includes(shadow));
        const [next] = left;
        if (!next) return;
        // Whoever lifts a fence cannot say whose. One who meant an earlier one, and was late, may have lifted this.
        if (!left.every((shadow) => isThere(shadow, found) && isFenced(shadow, found))) {
          throw new RebuildOvertaken(swapped.map(({ live }) => live));
        }
        // Where it has been dropped meanwhile, the next look finds that.
        await succeedsUnless(NAMESPACE_NOT_FOUND, () =>
          this.db.renameCollection(next.name, next.live, { dropTarget: true, writeConcern }),
        );
      }
    });
  }

  discard(): Promise<void> {
    return orUnavailable(async () => {
      const found = await collectionsOf(this.db);
      // Also those that adapters have created with their indexes, without being asked to build them.
      const shadows = [...found.keys()].filter((name) => name.endsWith(`.${this.suffix}`));
      for (const shadow of shadows) await this.db.dropCollection(shadow);
      for (const shadow of this.shadows) if (isFenced(shadow, found)) await liftFence(this.db, shadow.live);
    });
  }
}

function isThere({ name, uuid }: Shadow, found: Collections): boolean {
  return found.get(name)?.uuid === uuid;
}

function isFenced({ name, live }: Shadow, found: Collections): boolean {
  return found.get(live)?.fence?.shadow === name;
}

async function collectionsOf(db: Db): Promise<Collections> {
  const options = { nameOnly: false, readPreference: 'primary' } as const;
  const collections = await db.listCollections({ type: 'collection' }, options).toArray();
  return new Map(
    collections.map(({ name, info, options }) => [
      name,
      { uuid: String(info?.uuid), fence: fenceIn(options?.validator as Document | undefined) },
    ]),
  );
}
