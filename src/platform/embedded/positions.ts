import type { AbstractSublevel } from 'abstract-level';
import type { Advance, Positions } from '../consuming/positions.js';
import { partitionName, type Position } from '../log/position.js';
import type { Level } from './level.js';
import { Updates } from './updates.js';
import { type Write, writeDurably } from './writes.js';

const POSITIONS = 'positions';

/** Positions in an embedded database. */
export class EmbeddedPositions implements Positions {
  private readonly positions: AbstractSublevel<Level, string | Buffer | Uint8Array, string, Position>;

  constructor(
    private readonly level: Level,
    private readonly updates = new Updates(),
  ) {
    this.positions = level.sublevel<string, Position>(POSITIONS, { valueEncoding: 'json' });
  }

  of(group: string): Promise<readonly Position[]> {
    return this.positions.values(rangeOf(`${group}/`)).all();
  }

  advance(group: string, advances: readonly Advance[]): Promise<number> {
    return this.updates.run(POSITIONS, async () => {
      const keys = advances.map(({ position }) => `${group}/${partitionName(position)}`);
      const stored = await this.positions.getMany(keys);
      const writes = advances.flatMap(({ position, from }, index) =>
        stored[index]?.next === from
          ? [{ type: 'put', sublevel: this.positions, key: keys[index], value: position } as unknown as Write]
          : [],
      );
      await writeDurably(this.level, writes);
      return writes.length;
    });
  }

  forget(group: string, topic: string): Promise<void> {
    return this.updates.run(POSITIONS, async () => {
      const keys = await this.positions.keys(rangeOf(`${group}/${topic}/`)).all();
      const writes = keys.map((key) => ({ type: 'del', sublevel: this.positions, key }) as unknown as Write);
      await writeDurably(this.level, writes);
    });
  }
}

function rangeOf(prefix: string) {
  return { gte: prefix, lt: `${prefix}\uffff` };
}
