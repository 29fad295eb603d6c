import type { GenerationLevel, WriteObserver } from './generation-level.js';
import type { Level } from './level.js';

const CHUNK_SIZE = 1_000;

/**
 * Copies what a rebuild does not make into the new generation: the positions of consumers, and copies of keys. Processes
 * may change them meanwhile, so it copies everything first, and behind the write fence only what has changed since.
 */
export class CarryOver implements WriteObserver {
  private readonly changed = new Set<string>();
  private isCleared = false;

  /** @param isRebuilt true for the sublevels that the rebuild makes, or that belong to no generation */
  constructor(
    private readonly from: GenerationLevel,
    private readonly to: Level,
    private readonly isRebuilt: (sublevel: string) => boolean,
  ) {}

  written(key: string): void {
    if (!this.isRebuilt(sublevelOf(key))) this.changed.add(key);
  }

  cleared(): void {
    this.isCleared = true;
  }

  async copyAll(): Promise<void> {
    for await (const name of sublevelsIn(this.from)) {
      if (this.isRebuilt(name)) continue;
      const entries = this.from.iterator<string, string>({ gte: `!${name}!`, lt: `!${name}"` });
      try {
        for (let chunk = await entries.nextv(CHUNK_SIZE); chunk.length > 0; chunk = await entries.nextv(CHUNK_SIZE)) {
          await this.to.batch(chunk.map(([key, value]) => ({ type: 'put', key, value }) as const));
        }
      } finally {
        await entries.close();
      }
    }
  }

  /** Call it behind the write fence. */
  async copyChanged(): Promise<void> {
    if (this.isCleared) {
      for await (const name of sublevelsIn(this.to)) {
        if (!this.isRebuilt(name)) await this.to.clear({ gte: `!${name}!`, lt: `!${name}"` });
      }
      await this.copyAll();
      return;
    }
    const keys = [...this.changed];
    for (let at = 0; at < keys.length; at += CHUNK_SIZE) {
      const chunk = keys.slice(at, at + CHUNK_SIZE);
      const values = await this.from.getMany<string, string>(chunk, {});
      await this.to.batch(
        chunk.map((key, index) => {
          const value = values[index];
          return value === undefined ? ({ type: 'del', key } as const) : ({ type: 'put', key, value } as const);
        }),
      );
    }
  }
}

function sublevelOf(key: string): string {
  return key.slice(1, key.indexOf('!', 1));
}

/** Returns the names of the sublevels. One seek finds the next, so that no collection is read. */
async function* sublevelsIn(level: GenerationLevel | Level): AsyncGenerator<string> {
  for (let from = '!'; ;) {
    const [key] = await (level as Level).keys({ gte: from, limit: 1 }).all();
    if (key === undefined) return;
    const name = sublevelOf(key);
    yield name;
    from = `!${name}"`;
  }
}
