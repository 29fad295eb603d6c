import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import type { Selection } from '../consuming/select-dead-letters.js';
import { actorOf } from './access.js';
import type { ConsoleSystem, OpenModule } from './console-system.js';
import { discardLetters, lettersOf, redriveLetters, summaryOf } from './dead-letters.js';
import { PlatformError } from '../tools/errors.js';
import { LETTERS, parsed, TEXT } from './parameters.js';

const MAX_BODY = '16kb';
/** Exactly one of these says which dead letters are meant. */
const SELECTION = z.union(
  [
    z.strictObject({ id: TEXT }),
    z.strictObject({ key: z.string().min(1).max(1_000) }),
    z.strictObject({ reason: z.string().max(1_000) }),
    z.strictObject({ all: z.literal(true) }),
  ],
  { error: 'give one of: id, key, reason, all (true)' },
);
const REDRIVE = z.strictObject({ selection: SELECTION });
const JOB = z.strictObject({
  kind: z.enum(['verify', 'replay-rehearsal', 'replay', 'republish-rehearsal', 'republish']),
  module: TEXT,
});
const DISCARD = z.strictObject({ selection: SELECTION, why: z.string() });

/** Returns the routes of the console that change something. Each action is written to the audit list. */
export function actingRoutes(system: () => ConsoleSystem, access: RequestHandler, stopping: AbortSignal): Router {
  const routes = Router();
  const post = (path: string, act: (request: Request, response: Response) => Promise<unknown>) =>
    routes.post(path, access, express.json({ limit: MAX_BODY }), async (request, response) => {
      response.json(await act(request, response));
    });

  post('/dead-letters/:module/:topic/redrive', async (request) => {
    const { bus, modules, actions } = system();
    const { module, topic } = parsed(LETTERS, request.params);
    const { selection } = parsed(REDRIVE, request.body);
    const letters = lettersOf(modules, module, topic);
    const action = { actor: actorOf(), action: 'redrive', target: targetOf(module, topic, selection) };
    const redriven = () => redriveLetters(bus, letters, toSelection(selection), stopping);
    return { items: await actions.record(action, redriven, summaryOf) };
  });

  post('/dead-letters/:module/:topic/discard', async (request) => {
    const { bus, modules, actions } = system();
    const { module, topic } = parsed(LETTERS, request.params);
    const { selection, why: reason } = parsed(DISCARD, request.body);
    const letters = lettersOf(modules, module, topic);
    const actor = actorOf();
    const action = { actor, action: 'discard', target: targetOf(module, topic, selection) };
    const discarded = () => discardLetters(bus, letters, toSelection(selection), { reason, actor }, stopping);
    return { items: await actions.record(action, discarded, summaryOf) };
  });

  post('/jobs', async (request) => {
    const { modules, jobs } = system();
    const { kind, module } = parsed(JOB, request.body);
    return jobs.start(kind, moduleOf(modules, module).connections, actorOf());
  });

  post('/jobs/:id/abort', async (request) => {
    const { id } = parsed(z.object({ id: z.uuid() }), request.params);
    await system().jobs.abort(id, actorOf());
    return {};
  });

  return routes;
}

/** @throws PlatformError `not-found` when the module does not run in this process */
function moduleOf(modules: readonly OpenModule[], name: string): OpenModule {
  const found = modules.find(({ module }) => module === name);
  if (found) return found;
  throw new PlatformError('not-found', 'not-here', `${name} does not run in this process`);
}

function toSelection(selection: z.output<typeof SELECTION>): Selection {
  return 'key' in selection ? { key: Buffer.from(selection.key) } : selection;
}

function targetOf(module: string, topic: string, selection: z.output<typeof SELECTION>): string {
  const [[name, value] = []] = Object.entries(selection);
  return `${module}: dead letters of ${topic}, ${name === 'all' ? 'all' : `${name} ${String(value)}`}`;
}
