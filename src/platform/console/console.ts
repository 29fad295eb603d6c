import { Router } from 'express';
import type { Logger } from 'pino';
import { tracing } from '../http/server/tracing.js';
import type { VerifyToken } from '../operating/auth/caller.js';
import { unavailable } from '../tools/errors.js';
import { READ, requires, WRITE } from './access.js';
import { actingRoutes } from './acting.js';
import type { ConsoleSystem } from './console-system.js';
import { pageFiles } from './page.js';
import { readingRoutes } from './reading.js';

/** Settings of the console. */
export interface ConsoleSettings {
  readonly logger: Logger;
  /** Without it, no request needs a token. */
  readonly verifyToken?: VerifyToken | undefined;
  /** Returns the system once the process has opened its databases and the log. */
  readonly system: () => ConsoleSystem | undefined;
  /** Aborted when the process stops. */
  readonly stopping: AbortSignal;
}

/** Returns the console: a page for everybody, and behind tokens what it shows and the actions that it offers. */
export function createConsole({ verifyToken, system, stopping }: ConsoleSettings): Router {
  const opened = () => {
    const found = system();
    if (!found) throw unavailable('the process is starting');
    return found;
  };
  const console = Router();
  console.use(tracing());
  console.use('/api', (_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    next();
  });
  console.use('/api', readingRoutes(opened, requires(READ, verifyToken), stopping));
  console.use('/api', actingRoutes(opened, requires(WRITE, verifyToken), stopping));
  console.use(pageFiles());
  return console;
}
