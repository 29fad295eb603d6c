import { randomUUID } from 'node:crypto';
import type { Db, Document } from 'mongodb';
import { type Rebuild, RebuildOvertaken } from '../rebuilding/rebuild.js';
import { orUnavailable, succeedsUnless } from './errors.js';
import { type WriteFence, fenceIn, liftFence, raiseFence, writeConcern } from './fence.js';

/** A new collection. Its UUID identifies it: after a drop, a late write may create an empty one with the same name. */
interface Shadow {
  readonly name: string;
  readonly live: string;
  readonly uuid: string | undefined;
}

interface Found {
  readonly uuid: string;
  readonly fence?: WriteFence;
}

type Collections = ReadonlyMap<string, Found>;

const NAMESPACE_NOT_FOUND = 26;
/** How long a write fence stands. After that, any writer may remove it as a leftover of a killed rebuild. */
const FENCE_TTL_MS = 5_000;
const REBUILD_PREFIX = 'rebuild-';

/**
 * Creates an empty collection beside each live one, named with `.` and the suffix that `beside` receives. It takes over
 * from unfinished rebuilds of the same collections.
 * @throws RebuildOvertaken when another rebuild begins at the same moment
 */
export async function beginRebuild<Database>(
  db: Db,
  collections: readonly string[],
  beside: (suffix: string) => Database,
  fenceTtlMs = FENCE_TTL_MS,
): Promise<Rebuild<Database>> {
  const suffix = `${REBUILD_PREFIX}${randomUUID()}`;
  return orUnavailable(async () => {
    await clearAway(db, collections);
    for (const live of collections) await db.createCollection(`${live}.${suffix}`);
    const found = await collectionsOf(db);
    const shadows = collections.map((live) => {
      const name = `${live}.${suffix}`;
      return { name, live, uuid: found.get(name)?.uuid };
    });
    if (shadows.some(({ uuid }) => uuid === undefined)) throw new RebuildOvertaken([]);
    return new MongoRebuild(db, shadows, suffix, beside(suffix), fenceTtlMs);
  });
}

async function clearAway(db: Db, collections: readonly string[]): Promise<void> {
  const found = await collectionsOf(db);
  for (const live of collections) {
    const shadows = [...found.keys()].filter((name) => name.startsWith(`${live}.${REBUILD_PREFIX}`));
    for (const shadow of shadows) await db.dropCollection(shadow);
    if (found.get(live)?.fence) await liftFence(db, live);
  }
}

/**
 * The shadow decides every race: renaming it is the swap, and dropping it ends the rebuild. The server permits only one
 * of the two.
 */
class MongoRebuild<Database> implements Rebuild<Database> {
  constructor(
    private readonly db: Db,
    private readonly shadows: readonly Shadow[],
    readonly name: string,
    readonly database: Database,
    private readonly fenceTtlMs: number,
  ) {}

  fence(): Promise<void> {
    return orUnavailable(async () => {
      const found = await collectionsOf(this.db);
      if (!this.shadows.every((shadow) => isThere(shadow, found))) throw new RebuildOvertaken([]);
      const until = new Date(Date.now() + this.fenceTtlMs);
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
        // Lifting does not name a fence: a late process that meant an earlier fence may have lifted this one.
        if (!left.every((shadow) => isThere(shadow, found) && isFenced(shadow, found))) {
          throw new RebuildOvertaken(swapped.map(({ live }) => live));
        }
        // If it was dropped meanwhile, the next iteration notices.
        await succeedsUnless(NAMESPACE_NOT_FOUND, () =>
          this.db.renameCollection(next.name, next.live, { dropTarget: true, writeConcern }),
        );
      }
    });
  }

  discard(): Promise<void> {
    return orUnavailable(async () => {
      const found = await collectionsOf(this.db);
      // Including those that adapters created implicitly with their indexes.
      const shadows = [...found.keys()].filter((name) => name.endsWith(`.${this.name}`));
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
