import { readFileSync } from 'node:fs';
import type { EventApi, TopicReading } from './async-api/event-api.js';
import type { HttpApi } from '../http/contract/openapi.js';
import { describeOpenApi } from '../http/contract/describe.js';
import { historyApi } from '../http/contract/history-route.js';
import { mergeDocuments, type OpenApiDocument } from '../http/contract/openapi.js';
import { erasuresTopicOf } from '../privacy/topics.js';
import type { Cursors } from '../views/cursors.js';
import type { Database } from './database.js';
import type { AggregateDeclaration, ContextDeclaration } from './declaration.js';
import { type OpenContext, openContext, type OpenOptions } from './open-context.js';
import { type Token, token } from './token.js';

/** A bounded context that a process can run. */
export interface Context {
  readonly name: string;
  /** A phrase without a full stop. */
  readonly purpose: string;
  /** Undefined for a context without HTTP. */
  readonly http?: HttpApi;
  readonly events: EventApi;
  /** Opens the declared stores, and wires the context's classes to them. */
  open(database: Database, options?: OpenOptions): OpenContext;
}

/**
 * Declares a bounded context.
 * @throws Error when two of its aggregates or projections share a collection, or a generated document is missing
 * @example
 * export const orders = defineContext({ name: 'orders', purpose: "the system of record for customers' orders" });
 */
export function defineContext(declaration: ContextDeclaration): Context {
  const { name, purpose, aggregates = [] } = declaration;
  refuseSharedCollections(declaration);
  const cursors = token<Cursors>(`cursors of ${name}`);
  const http = httpOf(declaration, cursors);
  return {
    name,
    purpose,
    ...(http && { http }),
    events: {
      publishes: aggregates.map(({ events }) => events),
      reads: readingsOf(declaration),
      keys: keyTopicsOf(declaration),
    },
    open: (database, options) => openContext(declaration, cursors, database, options),
  };
}

function httpOf({ name, http, aggregates = [] }: ContextDeclaration, cursors: Token<Cursors>): HttpApi | undefined {
  const histories = aggregates.flatMap(({ events, port, history }) =>
    history?.route ? historyApi({ events, port, history: history.port, cursors }, history.route) : [],
  );
  if (!http && histories.length > 0) throw new Error(`context ${name}: the route of a history needs http`);
  if (!http) return undefined;
  const generated = JSON.parse(readFileSync(http.openApi, 'utf8')) as OpenApiDocument;
  return {
    openApi: describeOpenApi(mergeDocuments([generated, ...histories.map(({ openApi }) => openApi)])),
    registerRoutes: (app) => {
      // Before the controllers' routes, which are less specific.
      for (const { registerRoutes } of histories) registerRoutes(app);
      http.registerRoutes(app);
    },
  };
}

function readingsOf({ name, aggregates = [], reactions = [] }: ContextDeclaration): TopicReading[] {
  const own = aggregates.filter(({ history }) => history).map((each) => ownReading(name, each));
  const others = reactions.map(({ topic, summary, needs }) => ({
    topic,
    group: name,
    summary,
    ...(needs && { needs }),
  }));
  const byTopic = new Map<string, TopicReading>();
  const confirmations = aggregates.flatMap((each) => confirmationsReading(name, each));
  for (const reading of [...others, ...own, ...confirmations]) {
    const before = byTopic.get(reading.topic);
    byTopic.set(reading.topic, before ? bothOf(before, reading) : reading);
  }
  return [...byTopic.values()];
}

function confirmationsReading(group: string, { events, erasures }: AggregateDeclaration): TopicReading[] {
  if (!erasures || events.keys === undefined) return [];
  const summary = `${group} collects what other contexts confirm of the erasure of each ${events.member}`;
  return [{ topic: erasuresTopicOf(events.keys), group, summary }];
}

/** Merges two readings of the same topic; one without `needs` reads every message. */
function bothOf(one: TopicReading, other: TopicReading): TopicReading {
  const { topic, group } = one;
  const summary = `${one.summary}; ${other.summary}`;
  return { topic, group, summary, ...(one.needs && other.needs && { needs: { ...one.needs, ...other.needs } }) };
}

function keyTopicsOf({ aggregates = [], reactions = [] }: ContextDeclaration): string[] {
  const topics = [...aggregates.map(({ events }) => events.keys), ...reactions.map(({ keys }) => keys)];
  return [...new Set(topics.flatMap((topic) => topic ?? []))];
}

function ownReading(group: string, { events: { topic, member } }: AggregateDeclaration): TopicReading {
  return { topic, group, summary: `${group} records the history of each ${member}` };
}

function refuseSharedCollections({ name, aggregates = [], projections = [] }: ContextDeclaration): void {
  const all = [
    ...aggregates.flatMap(({ collection, history, erasures }) => [
      collection,
      ...[history, erasures].flatMap((each) => each?.collection ?? []),
    ]),
    ...projections.map(({ collection }) => collection),
  ];
  const shared = all.find((collection, index) => all.indexOf(collection) < index);
  if (shared !== undefined) throw new Error(`context ${name}: two stores share the collection ${shared}`);
}
