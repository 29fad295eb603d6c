import { type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { actorOf, has, PERSONAL, WRITE } from './access.js';
import type { Session } from './api.js';
import type { ConsoleSystem } from './console-system.js';
import { contractsOf } from './contracts.js';
import { attestationOf, newestErasures } from './erasures.js';
import { letterGroups, letterPage, lettersOf, showLetter } from './dead-letters.js';
import { sendEvents } from './event-stream.js';
import { findEvents } from './find-events.js';
import { LETTERS, parsed, TEXT } from './parameters.js';
import { unavailable } from '../tools/errors.js';
import { showEvent } from './show-event.js';
import { pastStateOf, timelineOf } from './timeline.js';

const VERSION = z.coerce.number().int().min(1).max(999_999_999_999);
const OFFSET = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const TIME = z.iso.datetime({ offset: true }).transform((time) => new Date(time).toISOString());
const SEARCH = z.strictObject({
  topic: TEXT.optional(),
  key: TEXT.optional(),
  id: TEXT.optional(),
  type: TEXT.optional(),
  trace: z
    .string()
    .regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits')
    .optional(),
  actor: TEXT.optional(),
  from: TIME.optional(),
  to: TIME.optional(),
  depth: z.coerce.number().int().min(1).max(10_000_000).default(10_000),
});
const LETTER_QUERY = z.strictObject({
  state: z.enum(['pending', 'redriven', 'discarded']).optional(),
  reason: z.string().max(1_000).optional(),
  after: TEXT.optional(),
});
const AGGREGATE = z.object({ topic: TEXT, id: TEXT });

/** Returns the routes of the console that change nothing. @param stopping aborted when the process stops */
export function readingRoutes(system: () => ConsoleSystem, access: RequestHandler, stopping: AbortSignal): Router {
  const routes = Router();
  const get = (path: string, answer: RequestHandler) => routes.get(path, access, answer);

  get('/session', (request, response) => {
    const { modules, contexts, version } = system();
    const here = new Set(modules.map(({ module }) => module));
    const actor = actorOf();
    const session: Session = {
      ...(actor !== undefined && { actor }),
      mayAct: has(response, WRITE),
      mayOpen: has(response, PERSONAL),
      modules: [...here],
      version,
      kinds: contexts.flatMap(({ name, events }) =>
        events.publishes.map(({ topic, member }) => ({ topic, member, module: name, isHere: here.has(name) })),
      ),
    };
    response.json(session);
  });

  get('/flow', (request, response) => {
    const { watch } = system();
    sendEvents(request, response, stopping, (send) => watch.watch(send));
  });

  get('/aggregates/:topic/:id', async (request, response) => {
    const { topic, id } = parsed(AGGREGATE, request.params);
    response.json(await timelineOf(system().modules, topic, id));
  });

  get('/aggregates/:topic/:id/:version', async (request, response) => {
    const { modules, bus } = system();
    const wanted = parsed(AGGREGATE.extend({ version: VERSION }), request.params);
    response.json(await pastStateOf(modules, bus, { ...wanted, mayOpen: has(response, PERSONAL) }));
  });

  get('/events', async (request, response) => {
    const { bus, topics } = system();
    const { topic, ...query } = parsed(SEARCH, request.query);
    const searched = topics.filter((each) => topic === undefined || each === topic);
    response.json(await findEvents(bus, { ...query, topics: searched }, untilGone(response, stopping)));
  });

  get('/events/:topic/:partition/:offset', async (request, response) => {
    const { bus, opening, allTopics } = system();
    const place = parsed(z.object({ topic: z.enum(allTopics), partition: OFFSET, offset: OFFSET }), request.params);
    response.json(await showEvent(bus, place, { ...opening, mayOpen: has(response, PERSONAL) }));
  });

  get('/dead-letters', async (_request, response) => {
    const { bus, modules } = system();
    response.json({ items: await letterGroups(bus, modules) });
  });

  get('/dead-letters/:module/:topic', async (request, response) => {
    const { bus, modules } = system();
    const { module, topic } = parsed(LETTERS, request.params);
    const query = parsed(LETTER_QUERY, request.query);
    response.json(await letterPage(bus, lettersOf(modules, module, topic), query));
  });

  get('/dead-letters/:module/:topic/record', async (request, response) => {
    const { bus, modules, opening } = system();
    const { module, topic } = parsed(LETTERS, request.params);
    const { id } = parsed(z.strictObject({ id: TEXT }), request.query);
    const mayOpen = has(response, PERSONAL);
    response.json(await showLetter(bus, lettersOf(modules, module, topic), id, { ...opening, mayOpen }));
  });

  get('/erasures', async (_request, response) => {
    const { bus, modules } = system();
    response.json({ items: await newestErasures(bus, modules, untilGone(response, stopping)) });
  });

  get('/erasures/:topic/:id', async (request, response) => {
    const { topic, id } = parsed(AGGREGATE, request.params);
    response.json(await attestationOf(system().modules, topic, id));
  });

  get('/contracts', async (_request, response) => {
    const { bus, contexts } = system();
    response.json(await contractsOf(bus, contexts));
  });

  get('/actions', async (_request, response) => void response.json({ items: await system().actions.newest() }));

  get('/settings', async (_request, response) => {
    const instances = await system().instances.all();
    response.json({ items: instances.map(({ id, name, modules, settings }) => ({ id, name, modules, settings })) });
  });

  return routes;
}

/** Aborted when the viewer has left, or the process stops. */
function untilGone(response: Parameters<RequestHandler>[1], stopping: AbortSignal): AbortSignal {
  const left = new AbortController();
  response.once('close', () => left.abort(unavailable('the viewer has left')));
  return AbortSignal.any([stopping, left.signal]);
}
