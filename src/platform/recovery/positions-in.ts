import type { Database } from '../context.js';
import { EmbeddedPositions } from '../embedded/embedded-positions.js';
import { MongoPositions } from '../mongodb/mongo-positions.js';
import type { Positions } from './positions.js';

/** The positions of a context's consumer group, in the context's own database. */
export function positionsIn(database: Database): Positions {
  if (database.kind === 'embedded') return new EmbeddedPositions(database.level);
  return new MongoPositions(database.db.collection('consumer.positions'));
}
