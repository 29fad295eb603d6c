import { withKeysOfLog } from '../../src/platform/commands/connections.js';
import type { Context } from '../../src/platform/context/define-context.js';
import { openEmbeddedDatabase } from '../../src/platform/embedded/database.js';
import { EmbeddedLinks } from '../../src/platform/embedded/links.js';
import type { Link } from '../../src/platform/rebuilding/links.js';
import { LogProjector, type RefusedRecord } from '../../src/platform/rebuilding/projector.js';
import { fill, newestStates } from '../../src/platform/rebuilding/replay.js';
import { silentLogger } from '../../src/platform/testing/silent-logger.js';
import type { Verifiable } from './verified.js';

/** What a replay made of the log of one context's own topic. */
export interface Rebuilt {
  /** The state of one aggregate; undefined when there is none. */
  stateOf(id: string): Promise<unknown>;
  linksOf(id: string): Promise<readonly Link[]>;
  readonly unreadable: readonly RefusedRecord[];
}

/** Fills an empty database as the command `replay` does, and looks at it. */
export async function withRebuilt(
  context: Context,
  { config, bus, ...backends }: Verifiable,
  look: (rebuilt: Rebuilt) => Promise<void>,
): Promise<void> {
  const database = await backends.openDatabase(context.name);
  const [scratch, target] = [await openEmbeddedDatabase('memory'), await openEmbeddedDatabase('memory')];
  const signal = new AbortController().signal;
  const connections = { context, config, bus, database, logger: silentLogger, interrupted: signal };
  const openKeyWrapper = () => backends.openKeyWrapper();
  await withKeysOfLog({ ...connections, openKeyWrapper }, scratch, async ({ open }) => {
    const { replayable } = open(target);
    const links = new EmbeddedLinks(scratch.level);
    const unreadable: RefusedRecord[] = [];
    const projector = await LogProjector.start(bus, replayable, {
      ...{ signal, onRefused: (record) => unreadable.push(record) },
      ...newestStates(links, replayable),
    });
    const [own] = replayable.systemsOfRecord;
    try {
      await fill(replayable, projector);
      await look({
        stateOf: async (id) => (await own?.store.find(id))?.state,
        linksOf: (id) => links.of(own?.stream.topic as string, id),
        unreadable,
      });
    } finally {
      await projector.stop();
    }
  });
  await Promise.all([scratch.close(), target.close()]);
}
