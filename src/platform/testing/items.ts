import type { Aggregate, Change, Saving } from '../aggregate/aggregates.js';
import type { DomainEvent } from '../event/cloud-event.js';
import type { EventStream } from '../event/event-stream.js';
import { PERSONAL } from '../event/message-schemas.js';

/** An aggregate for tests of the platform. It belongs to no context. */
export interface Item extends Aggregate {
  readonly name: string;
  readonly tags?: readonly string[];
  /** Id of the person whom {@link Item.note} is about. */
  readonly owner?: string;
  /** Personal data. */
  readonly note?: string;
}

export interface ItemChange extends Change<Item> {
  readonly type: 'created' | 'changed';
}

export const itemEvents: EventStream = {
  topic: 'test.item.change',
  source: '/test',
  typePrefix: 'test.item',
  member: 'item',
  schemaVersions: { created: 1, changed: 2 },
  schemas: ['created:v1', 'changed:v2'].map((name) => ({
    $id: `urn:schema:test.item.${name}`,
    type: 'object',
    required: ['item'],
    properties: {
      item: {
        type: 'object',
        properties: { name: { type: 'string' }, note: { type: 'string', [PERSONAL]: '/item/owner' } },
      },
      changed: { type: 'array' },
    },
    additionalProperties: false,
  })),
};

/** The same events, of items that are persons: their keys are in the store. */
export const personEvents: EventStream = { ...itemEvents, keys: `${itemEvents.typePrefix}.keys` };

const SOME_TIME = '2026-01-01T00:00:00.000Z';

export function created(id: string, time = SOME_TIME): Saving<Item, ItemChange> {
  const state = { id, version: 1, createdAt: time, updatedAt: time, name: 'new', tags: ['a', 'b'] };
  return { type: 'created', state, commands: [] };
}

export function changed(before: Item, name: string, time = SOME_TIME): Saving<Item, ItemChange> {
  const state = { ...before, version: before.version + 1, updatedAt: time, name };
  return { type: 'changed', state, commands: [] };
}

/** The domain event of a change. */
export function eventOf({ type, state }: ItemChange, changed: readonly string[] = ['']): DomainEvent {
  return { type, data: { item: state, changed } };
}
