import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openEmbeddedDatabase } from '../embedded/database.js';
import { EmbeddedBus } from '../embedded/bus.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { UnreadableRecord } from '../event/parse-cloud-event.js';
import { itemEvents } from '../testing/items.js';
import { logs, recordsOf } from '../testing/random-logs.js';
import { rebuildInto, type ReplayScope } from '../testing/rebuild-into.js';
import { silentLogger } from '../testing/silent-logger.js';
import type { Projection } from '../views/projection.js';
import type { Database } from './database.js';
import { projection, reaction } from './declaration.js';
import { type Context, defineContext } from './define-context.js';
import { provide, token } from './token.js';

interface Copied {
  readonly id: string;
  readonly version: number;
  readonly name: string;
}

const COPIES = token<Projection<string>>('copies');
const KNOWN = itemEvents.schemas.map(({ $id }) => $id);

/** The names of the items that were projected, in order. */
let projected: string[] = [];

class CopyName {
  constructor(private readonly copies: Projection<string>) {}
  execute(items: readonly Copied[]): Promise<void> {
    projected.push(...items.map(({ id, version }) => `${id} ${version}`));
    return this.copies.apply(items.map(({ id, version, name }) => ({ id, version, state: name })));
  }
}

function readItem({ dataschema, data, sequence, type }: CloudEvent): Copied | undefined {
  if (!type.startsWith('test.item.')) return undefined;
  if (!KNOWN.includes(dataschema)) throw new UnreadableRecord(`unknown ${dataschema}`);
  const { id, version, name } = (data as { item: Copied }).item;
  if (String(version) !== sequence) throw new UnreadableRecord('of another version');
  return { id, version, name };
}

/** A context with a copy of the items. @param needsEach as in the declaration of its reaction */
function copying(needsEach?: readonly string[]): Context {
  return defineContext({
    name: 'copying',
    purpose: 'copies the names of items',
    projections: [projection({ port: COPIES, collection: 'copies' })],
    useCases: [provide(CopyName, [COPIES])],
    reactions: [
      reaction({
        topic: itemEvents.topic,
        summary: 'copying copies the name of each item',
        needs: Object.fromEntries(KNOWN.map((id) => [id, {}])),
        ...(needsEach && { needsEach }),
        read: readItem,
        project: CopyName,
      }),
    ],
  });
}

async function inWorld<T>(work: (world: { bus: EmbeddedBus; database: Database }) => Promise<T>): Promise<T> {
  const [log, database] = [await openEmbeddedDatabase('memory'), await openEmbeddedDatabase('memory')];
  const bus = new EmbeddedBus(log, silentLogger);
  try {
    return await work({ bus, database });
  } finally {
    await bus.close();
    await Promise.all([log.close(), database.close()]);
  }
}

/** Returns the copies that a rebuild makes, and the records that it refuses. */
async function rebuilt(
  context: Context,
  { bus, database }: { bus: EmbeddedBus; database: Database },
  scope?: ReplayScope,
) {
  const shadows = await database.beginRebuild(['copies']);
  try {
    const open = () => context.open(shadows.database as Database).replayable;
    const { documents, refused } = await rebuildInto(open, bus, scope, () => Promise.resolve());
    return { copies: documents.copies, refused };
  } finally {
    await shadows.discard();
  }
}

const LIMITS = { events: 100, bytes: 1e6, batch: 10 };

describe('a rebuild of a copy of which only the newest event matters', () => {
  it('comes to the same as projecting every event in order, whatever the log has', async () => {
    await fc.assert(
      fc.asyncProperty(logs, async (log) =>
        inWorld(async (world) => {
          const context = copying([]);
          await world.bus.publish(
            itemEvents.topic,
            log.flatMap((each) => recordsOf(itemEvents, each)),
          );
          const newest = await rebuilt(context, world, { limits: LIMITS });
          const all = await rebuilt(context, world);
          expect(newest.copies).toEqual(all.copies);
          // It does not look at events that others replace.
          expect(all.refused).toEqual(expect.arrayContaining([...newest.refused]));
        }),
      ),
      { numRuns: 60 },
    );
  });

  const LOG = [1, 2, 3].map((version) => ({ id: 'a', version, name: 'one', isHashed: true, kind: 'event' }) as const);
  const project = (context: Context) =>
    inWorld(async (world) => {
      await world.bus.publish(
        itemEvents.topic,
        LOG.flatMap((each) => recordsOf(itemEvents, each)),
      );
      projected = [];
      await rebuilt(context, world, { limits: LIMITS });
      return projected;
    });

  it('projects the newest event alone', async () => {
    expect(await project(copying([]))).toEqual(['a 3']);
  });

  it.each([
    ['every event of any type matters', undefined],
    ['each event of a type matters', ['test.item.changed']],
  ])('projects all where %s', async (_, needsEach) => {
    expect(await project(copying(needsEach))).toEqual(['a 1', 'a 2', 'a 3']);
  });
});
