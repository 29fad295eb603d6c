import type { Database } from '../../src/platform/context/database.js';
import type { Context } from '../../src/platform/context/define-context.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from '../../src/platform/embedded/database.js';
import { EmbeddedLinks } from '../../src/platform/embedded/links.js';
import { type RebuildableContext, withKeysOfLog } from '../../src/platform/maintenance/rebuild-context.js';
import type { Bus } from '../../src/platform/log/bus.js';
import type { Config } from '../../src/platform/operating/config/config.js';
import { KeyRing } from '../../src/platform/privacy/key-ring.js';
import type { KeyWrapper } from '../../src/platform/privacy/key-wrapper.js';
import { silentLogger } from '../../src/platform/testing/silent-logger.js';

/** Where a command finds the log, the databases and the master keys. */
export interface Places {
  readonly config: Config;
  readonly bus: Bus;
  openDatabase(name: string): Promise<Database>;
  openKeyWrapper(): Promise<KeyWrapper>;
}

/** What a command works with that rebuilds a context or compares it with the log. */
export interface Rebuilding {
  readonly rebuildable: RebuildableContext;
  /** The context's own. */
  readonly database: Database;
  /** Empty, and closed afterwards. */
  readonly scratch: EmbeddedDatabase;
  /** In `scratch`. */
  readonly links: EmbeddedLinks;
  /** Never aborted. */
  readonly signal: AbortSignal;
}

/** Does what the commands do before they rebuild a context, in this process: a command of its own takes two seconds. */
export async function withRebuildable<T>(
  context: Context,
  places: Places,
  work: (rebuilding: Rebuilding) => Promise<T>,
): Promise<T> {
  const { config, bus } = places;
  const [database, scratch] = [await places.openDatabase(context.name), await openEmbeddedDatabase('memory')];
  const signal = new AbortController().signal;
  const seals = config.PERSONAL_DATA === 'sealed';
  const openPrivacy = async () => ({ ring: new KeyRing(await places.openKeyWrapper()), seals });
  const connections = { context, bus, database, logger: silentLogger, openPrivacy };
  const links = new EmbeddedLinks(scratch.level);
  try {
    return await withKeysOfLog(connections, scratch, { signal }, (rebuildable) =>
      work({ rebuildable, database, scratch, links, signal }),
    );
  } finally {
    await scratch.close();
  }
}
