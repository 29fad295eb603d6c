import type { Request, Response } from 'express';
import type { ServiceIdentifier } from 'inversify';
import type { Aggregate, Aggregates } from '../../aggregate/aggregates.js';
import { type CodedError, PlatformError } from '../../tools/errors.js';
import { dataschemaOf } from '../../event/cloud-event.js';
import type { EventStream } from '../../event/event-stream.js';
import type { Cursors } from '../../views/cursors.js';
import type { HistoryReader } from '../../views/history.js';
import { waitForHistory } from '../../views/wait-for-history.js';
import type { HttpApi } from './openapi.js';
import { HISTORY_SCHEMAS } from './history-schemas.js';
import { containerOf } from '../resources/ioc.js';
import type { OpenApiDocument } from './openapi.js';
import { onlyFor } from '../resources/only-for.js';
import { linkTo } from '../resources/paging.js';
import { toProblem } from '../resources/problem.js';

/** The route where clients read the history of an aggregate type. */
export interface HistoryRoute<State = Aggregate> {
  /** Its one parameter is the aggregate's id: `/orders/{orderId}/history`. */
  readonly path: string;
  /** Description of the operation, in addition to its summary; by default, of what a recorded change has. */
  readonly description?: string;
  /** The OpenAPI tag of the operation. */
  readonly tag: string;
  /** The scope that a token must have. */
  readonly scope: string;
  /** Whose the aggregates are, for customers' own tokens. Without it, these have no access. */
  readonly owners?: {
    /** The `:self` scope that gives access to the history of one's own aggregates. */
    readonly scope: string;
    /** Returns the id of the customer whom an aggregate belongs to. */
    readonly ownerOf: (state: State) => string | undefined;
  };
  /** Thrown if the aggregate does not exist. */
  readonly notFound: new () => CodedError;
}

/** An aggregate type with a history: the stream of its events, and the tokens of its store, its history and its cursors. */
export interface Recorded {
  readonly events: EventStream;
  readonly port: ServiceIdentifier<Aggregates<Aggregate>>;
  readonly history: ServiceIdentifier<HistoryReader>;
  readonly cursors: ServiceIdentifier<Cursors>;
}

const JSON_TYPE = 'application/json';
const TEXT = { type: 'string' };
const DESCRIPTION = 'Each change has its place in the log, and names the changed fields without their values.';
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/** Returns the operation that pages through the recorded changes of one aggregate, oldest first. */
export function historyApi(recorded: Recorded, route: HistoryRoute): HttpApi {
  const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
  return {
    openApi: documentOf(recorded.events, route),
    registerRoutes: (app) => {
      app.get(path, (request, response) => readHistory(recorded, route, request, response));
    },
  };
}

async function readHistory(
  { port, history: historyPort, cursors: cursorsPort }: Recorded,
  { notFound: NotFound, owners }: HistoryRoute,
  request: Request,
  response: Response,
): Promise<void> {
  const container = containerOf(request);
  const [store, history, cursors] = [container.get(port), container.get(historyPort), container.get(cursorsPort)];
  const id = Object.values(request.params)[0] as string;
  const limit = limitOf(request);
  const { cursor } = request.query as { cursor?: string };
  const list = `history of ${id}`;
  const after = cursor === undefined ? 0 : Number((await cursors.open(list, cursor))[0]);
  const stored = await store.find(id);
  const customer = onlyFor(request);
  const isVisible = stored && (customer === undefined || owners?.ownerOf(stored.state) === customer);
  if (!isVisible) throw new NotFound();
  // One more than the page has: its presence means that there is a next page.
  await waitForHistory(history, id, Math.min(stored.state.version, after + limit + 1));
  const { items, more } = await history.list(id, after, limit);
  const last = items.at(-1);
  const next = more && last ? await cursors.seal(list, [last.version]) : undefined;
  const path = request.path.replace(/\/$/, '');
  if (next !== undefined) response.setHeader('Link', linkTo(next, { path, parameters: {}, limit }));
  response.json({ items, ...(next !== undefined && { next }) });
}

/** @throws PlatformError `invalid` for values that the schema allows by coercion, such as `0x10` */
function limitOf({ query: { limit } }: Request): number {
  if (limit === undefined) return DEFAULT_LIMIT;
  if (typeof limit === 'string' && /^\d+$/.test(limit)) return Number(limit);
  const errors = [{ pointer: '/limit', message: 'is not valid' }];
  throw new PlatformError('invalid', 'invalid-request', 'the request does not match the schema', errors);
}

function documentOf(events: EventStream, route: HistoryRoute): OpenApiDocument {
  const { path, description = DESCRIPTION, tag, scope, owners, notFound: NotFound } = route;
  const [, idName = 'id'] = /\{(\w+)\}/.exec(path) ?? [];
  const { member } = events;
  const { code, message } = new NotFound();
  const examples = examplesOf(events);
  const operation = {
    operationId: `${tag}_history`,
    summary: `Lists every recorded change of ${/^[aeiou]/.test(member) ? 'an' : 'a'} ${member}, oldest first`,
    description,
    tags: [tag],
    security: [{ bearer: [scope] }, ...(owners ? [{ bearer: [owners.scope] }] : [])],
    parameters: [
      { in: 'path', name: idName, required: true, schema: TEXT, example: examples[0]?.subject },
      {
        ...{ in: 'query', name: 'limit', required: false, description: 'Maximum number of changes per page.' },
        schema: { type: 'integer', format: 'int32', default: DEFAULT_LIMIT, minimum: 1, maximum: MAX_LIMIT },
      },
      { in: 'query', name: 'cursor', required: false, description: '`next` of the previous page.', schema: TEXT },
    ],
    responses: {
      200: {
        description: 'A page of changes; `Link` with `rel="next"` points to the next page',
        content: {
          [JSON_TYPE]: {
            schema: { $ref: '#/components/schemas/HistoryPage' },
            examples: { 'Example 1': { value: { items: examples.map(({ change }) => change) } } },
          },
        },
      },
      404: {
        description: `No such ${member}`,
        content: {
          [JSON_TYPE]: {
            schema: {},
            examples: { 'Example 1': { value: toProblem({ code, status: 404, detail: message }) } },
          },
        },
      },
    },
  };
  return { info: {}, paths: { [path]: { get: operation } }, components: { schemas: HISTORY_SCHEMAS } };
}

/** Returns the golden samples of the current versions, as they would be recorded. */
function examplesOf({ samples = [], schemaVersions, typePrefix }: EventStream) {
  const current = new Set(
    Object.entries(schemaVersions).map(([type, major]) => dataschemaOf(`${typePrefix}.${type}`, major)),
  );
  const currentSamples = samples.filter(({ dataschema }) => current.has(dataschema));
  // Of a version, there may be one that is sealed, and one in clear text.
  const byVersion = new Map(currentSamples.map((sample) => [sample.sequence, sample]));
  const ordered = [...byVersion.values()].sort((a, b) => Number(a.sequence) - Number(b.sequence));
  return ordered.slice(0, 2).map(({ subject, sequence, type, id, time, data }, offset) => {
    const { changed } = data as { changed: readonly string[] };
    const version = Number(sequence);
    return { subject, change: { version, type, eventId: id, time, changed, partition: 3, offset } };
  });
}
