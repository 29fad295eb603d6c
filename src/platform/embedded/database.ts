import { mkdir, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import type { Database } from '../context/database.js';
import type { DependencyHealth } from '../tools/dependency.js';
import { reasonOfSystemError } from '../tools/system-error.js';
import { madeAt } from '../rebuilding/inspection.js';
import type { Rebuild } from '../rebuilding/rebuild.js';
import { EmbeddedCheckpoints } from './checkpoints.js';
import { EmbeddedPositions } from './positions.js';
import { embeddedStores } from './stores.js';
import { keepFirst } from './generations.js';
import type { Level } from './level.js';
import { LiveCollections } from './rebuild.js';
import { Updates } from './updates.js';

type StoreLogger = Pick<Logger, 'error' | 'info'>;

/** The key-value store behind the embedded adapters of one context: on disk or, in tests, in memory. */
export interface EmbeddedDatabase extends Database {
  /** The level that contains the collections. */
  readonly level: Level;
  openBeside(suffix: string): Promise<EmbeddedDatabase>;
  beginRebuild(collections: readonly string[]): Promise<Rebuild<EmbeddedDatabase>>;
}

/** A level and its health. */
interface Root {
  readonly level: Level;
  health(): DependencyHealth;
}

/**
 * Opens the store in `directory`, or one in memory.
 * @param logger told of writes that fail, and of what a damaged log has lost
 * @throws Error that names the folder and says why it cannot be opened. The embedded adapters serve one process.
 */
export async function openEmbeddedDatabase(
  directory: string | 'memory',
  logger?: StoreLogger,
): Promise<EmbeddedDatabase> {
  const root = directory === 'memory' ? await memoryLevel() : await levelOnDisk(directory, logger);
  const live = await LiveCollections.open(root.level);
  const opened = { root, live, directory, logger };
  return databaseOver(live.level as unknown as Level, live.updates, opened);
}

interface Opened {
  readonly root: Root;
  readonly live: LiveCollections;
  readonly directory: string;
  readonly logger: StoreLogger | undefined;
}

function databaseOver(level: Level, updates: Updates, opened: Opened): EmbeddedDatabase {
  const { root, live, directory, logger } = opened;
  return {
    kind: 'embedded',
    level,
    stores: embeddedStores(level, updates),
    positions: new EmbeddedPositions(level, updates),
    checkpoints: new EmbeddedCheckpoints(level, updates),
    location: directory,
    beginRebuild: (collections) => live.beginRebuild(collections, (next) => databaseOver(next, new Updates(), opened)),
    openBeside: async (suffix) => {
      if (directory === 'memory') return openEmbeddedDatabase('memory');
      const beside = path.join(`${path.dirname(directory)}.${suffix}`, path.basename(directory));
      await rm(beside, { recursive: true, force: true });
      return openEmbeddedDatabase(beside, logger);
    },
    dropInspections: async (madeBefore = Infinity) => {
      if (directory === 'memory') return;
      const [home, name] = [path.dirname(path.dirname(directory)), path.basename(path.dirname(directory))];
      for (const folder of await readdir(home)) {
        if (!folder.startsWith(`${name}.`) || (madeAt(folder) ?? Infinity) >= madeBefore) continue;
        await rm(path.join(home, folder, path.basename(directory)), { recursive: true, force: true });
        // Fails while another context's folder is still in it.
        await rmdir(path.join(home, folder)).catch(() => undefined);
      }
    },
    purge: () => live.purge(),
    keepFirst: (name, make) => keepFirst(root.level, name, make),
    check: () => Promise.resolve(root.health()),
    close: () => live.level.close(),
  };
}

async function memoryLevel(): Promise<Root> {
  const { MemoryLevel } = await import('memory-level');
  const level = new MemoryLevel<string, string>();
  await level.open();
  return { level: level as unknown as Level, health: () => ({ up: level.status === 'open' }) };
}

async function levelOnDisk(directory: string, logger: StoreLogger | undefined): Promise<Root> {
  const { ClassicLevel } = await import('classic-level');
  const { ReopeningLevel } = await import('./reopening-level.js');
  const classic = new ClassicLevel<string, string>(directory);
  try {
    await mkdir(directory, { recursive: true });
    await classic.open();
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause;
    if (cause?.code === 'LEVEL_LOCKED') {
      throw new Error(
        `DATA_DIR: another process has ${directory} open, and the embedded database serves only one ` +
          '(stop the other process, choose another DATA_DIR, or configure MongoDB and Kafka)',
        { cause: error },
      );
    }
    throw new Error(`DATA_DIR: ${directory} cannot be opened: ${whyNotOpened(error as Error)}`, { cause: error });
  }
  const logDroppedData = async () => {
    const lost = await droppedAtOpen(directory);
    if (lost.length > 0) logger?.error({ directory, lost }, 'LevelDB dropped damaged data of the embedded database');
  };
  await logDroppedData();
  const level = new ReopeningLevel({
    location: `DATA_DIR: ${directory}`,
    level: classic as unknown as Level,
    onFailure: (err) => logger?.error({ err, directory }, 'a write failed; reopening the embedded database'),
    onReopened: async () => {
      logger?.info({ directory }, 'the embedded database was reopened');
      await logDroppedData();
    },
  });
  await level.open();
  return { level: level as unknown as Level, health: () => level.health() };
}

/** In the words of the operating system, of which Node and LevelDB each make a message of their own; without the path. */
function whyNotOpened(error: Error): string {
  const cause = (error.cause ?? error) as NodeJS.ErrnoException;
  if (cause.code === 'EEXIST') return 'it is a file and no folder';
  const [, ofLevelDb] = /^IO error: .*: (.+)$/.exec(cause.message) ?? [];
  return (ofLevelDb ?? reasonOfSystemError(cause)).toLowerCase();
}

/** Returns the data that LevelDB dropped when it was opened. LevelDB reports this only in its own `LOG` file. */
async function droppedAtOpen(directory: string): Promise<readonly string[]> {
  const notes = await readFile(path.join(directory, 'LOG'), 'utf8').catch(() => '');
  return notes.match(/[^ /]*: dropping \d+ bytes; .*/g) ?? [];
}
