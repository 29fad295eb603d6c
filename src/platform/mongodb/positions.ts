import type { AnyBulkWriteOperation, Collection } from 'mongodb';
import type { Advance, Positions } from '../consuming/positions.js';
import { partitionName, type Position } from '../log/position.js';
import { isDuplicateKey, orUnavailable, refusal } from './errors.js';
import { read } from './reads.js';
import { writeWhenUnfenced } from './fence.js';

export interface PositionDocument extends Position {
  _id: string;
  group: string;
}

/** Positions in one MongoDB collection. */
export class MongoPositions implements Positions {
  constructor(private readonly collection: Collection<PositionDocument>) {}

  async of(group: string): Promise<readonly Position[]> {
    const projection = { _id: 0, group: 0 };
    const found = await read(() => this.collection.find({ _id: rangeOf(`${group}/`) }, { projection }).toArray());
    return found as unknown as Position[];
  }

  async advance(group: string, advances: readonly Advance[]): Promise<number> {
    if (advances.length === 0) return 0;
    const operations = advances.map(({ position, from }) => {
      const _id = `${group}/${partitionName(position)}`;
      // With `upsert`, an update that matches no offset becomes an insert, which fails on an existing `_id`.
      const filter = from === undefined ? { _id, next: -1 } : { _id, next: from };
      return { updateOne: { filter, update: { $set: { ...position, group } }, upsert: from === undefined } };
    }) as unknown as AnyBulkWriteOperation<PositionDocument>[];
    const refused = await writeWhenUnfenced(this.collection, operations);
    const others = [...refused.values()].filter((failure) => !isDuplicateKey(failure));
    if (others.length > 0) throw refusal(others);
    const stored = new Map((await this.of(group)).map((position) => [partitionName(position), position.next]));
    return advances.filter(({ position }) => stored.get(partitionName(position)) === position.next).length;
  }

  async forget(group: string, topic: string): Promise<void> {
    await orUnavailable(() => this.collection.deleteMany({ _id: rangeOf(`${group}/${topic}/`) }));
  }
}

function rangeOf(prefix: string) {
  return { $gte: prefix, $lt: `${prefix}\uffff` };
}
