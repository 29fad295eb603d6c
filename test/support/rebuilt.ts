import type { Context } from '../../src/platform/context/define-context.js';
import { openEmbeddedDatabase } from '../../src/platform/embedded/database.js';
import type { StoredKey } from '../../src/platform/privacy/data-key.js';
import type { Link } from '../../src/platform/rebuilding/links.js';
import { LogProjector, type RefusedRecord } from '../../src/platform/rebuilding/projector.js';
import { fill, newestStates } from '../../src/platform/rebuilding/replay.js';
import { type Places, withRebuildable } from './rebuildable.js';

/** What a replay made of the log of one context's own topic. */
export interface Rebuilt {
  /** The state of one aggregate; undefined when there is none. */
  stateOf(id: string): Promise<unknown>;
  /** The key in the document of a person. */
  keyOf(id: string): Promise<StoredKey | undefined>;
  linksOf(id: string): Promise<readonly Link[]>;
  readonly unreadable: readonly RefusedRecord[];
}

/** Fills an empty database as the command `replay` does, and looks at it. */
export function withRebuilt(
  context: Context,
  places: Places,
  look: (rebuilt: Rebuilt) => Promise<void>,
): Promise<void> {
  return withRebuildable(context, places, async ({ rebuildable, links, signal }) => {
    const target = await openEmbeddedDatabase('memory');
    const { replayable, stores } = rebuildable.open(target);
    const unreadable: RefusedRecord[] = [];
    const projector = await LogProjector.start(places.bus, replayable, {
      ...{ signal, onRefused: (record) => unreadable.push(record) },
      ...newestStates(links, replayable),
    });
    const [own] = replayable.systemsOfRecord;
    try {
      await fill(replayable, projector);
      await look({
        stateOf: async (id) => (await own?.store.find(id))?.state,
        keyOf: async (id) => (await stores[0]?.keys.find([id]))?.get(id),
        linksOf: (id) => links.of(own?.stream.topic as string, id),
        unreadable,
      });
    } finally {
      await projector.stop();
      await target.close();
    }
  });
}
