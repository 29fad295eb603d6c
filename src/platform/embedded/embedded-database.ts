import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { AbstractSublevel } from 'abstract-level';
import type { DependencyHealth } from '../health/health.js';
import type { Positions } from '../recovery/positions.js';
import type { Rebuild } from '../replay/rebuild.js';
import { EmbeddedPositions } from './embedded-positions.js';
import { beginRebuild, currentGeneration, type Level } from './generations.js';

export type { Level } from './generations.js';
export { type Write, writeDurably } from './write-durably.js';

/** One ordered key-value store on disk (or, in tests, in memory) behind the embedded adapters of one context. */
export interface EmbeddedDatabase {
  readonly kind: 'embedded';
  /** Where the collections are. */
  readonly level: Level;
  /** Of the context's consumer group. */
  readonly positions: Positions;
  /** As people know it. */
  readonly location: string;
  beginRebuild(): Promise<Rebuild<EmbeddedDatabase>>;
  /** Opens one of another name, empty; what was there before is deleted. */
  openBeside(suffix: string): Promise<EmbeddedDatabase>;
  check(): Promise<DependencyHealth>;
  close(): Promise<void>;
}

/**
 * Opens the store in `directory`, or one in memory.
 * @throws Error that says so when another process has it open: the embedded adapters serve one process.
 */
export async function openEmbeddedDatabase(directory: string | 'memory'): Promise<EmbeddedDatabase> {
  const root = directory === 'memory' ? await memoryLevel() : await classicLevel(directory);
  return databaseOver(root, directory, await currentGeneration(root));
}

function databaseOver(root: Level, directory: string, level: Level): EmbeddedDatabase {
  return {
    kind: 'embedded',
    level,
    positions: new EmbeddedPositions(level),
    location: directory,
    beginRebuild: () => beginRebuild(root, (next) => databaseOver(root, directory, next)),
    openBeside: async (suffix) => {
      if (directory === 'memory') return openEmbeddedDatabase('memory');
      const beside = path.join(`${path.dirname(directory)}.${suffix}`, path.basename(directory));
      await rm(beside, { recursive: true, force: true });
      return openEmbeddedDatabase(beside);
    },
    check: () => Promise.resolve({ up: root.status === 'open' }),
    close: () => root.close(),
  };
}

/** Takes what was overwritten or deleted in a collection off the disk; LevelDB keeps it until then. */
export async function compact(
  collection: Pick<AbstractSublevel<Level, unknown, string, unknown>, 'db' | 'prefix'>,
): Promise<void> {
  const [start, end] = [collection.prefix, `${collection.prefix.slice(0, -1)}"`];
  const { db } = collection as { db: { compactRange?(start: string, end: string): Promise<void> } };
  await db.compactRange?.(start, end);
}

async function memoryLevel(): Promise<Level> {
  const { MemoryLevel } = await import('memory-level');
  const level = new MemoryLevel<string, string>();
  await level.open();
  return level as unknown as Level;
}

async function classicLevel(directory: string): Promise<Level> {
  const { ClassicLevel } = await import('classic-level');
  const level = new ClassicLevel<string, string>(directory);
  try {
    await mkdir(directory, { recursive: true });
    await level.open();
  } catch (error) {
    const cause = (error as { cause?: { code?: string } }).cause;
    if (cause?.code === 'LEVEL_LOCKED') {
      throw new Error(
        `DATA_DIR: another process has ${directory} open; the embedded adapters serve one process ` +
          '(stop the other one, choose another DATA_DIR, or set MONGODB_URI and Kafka)',
        { cause: error },
      );
    }
    throw new Error(`DATA_DIR: ${directory} cannot be opened`, { cause: error });
  }
  return level as unknown as Level;
}
