import express, { type Express, type RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Health } from '../../operating/health.js';
import type { Metrics } from '../../operating/metrics/metrics.js';
import { problemHandler, sendProblem } from '../resources/problem.js';
import { getOnly } from './get-only.js';
import { ownHosts } from './own-hosts.js';

/** Identity of the process, as opposed to its health. */
export interface ProcessInfo {
  readonly version: string;
  readonly commit: string;
  readonly modules: readonly string[];
  /** Adapters in use: `kafka`, `embedded log`. */
  readonly adapters: readonly string[];
}

interface Endpoint {
  readonly summary: string;
  readonly answer: RequestHandler;
}

export interface ManagementSettings {
  readonly health: Health;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly info: () => ProcessInfo;
  /** The console for operators, a page. */
  readonly console: RequestHandler;
  /** As in the application for clients. */
  readonly hostNames?: readonly string[];
}

/** Returns the application for operators, which is never exposed to clients. */
export function createManagementApp(settings: ManagementSettings): Express {
  const { health, metrics, logger, info, console, hostNames } = settings;
  const endpoints: Readonly<Record<string, Endpoint>> = {
    '/health/live': {
      summary: 'Whether the process is alive.',
      answer: (_request, response) => void response.json({ status: 'live' }),
    },
    '/health/ready': {
      summary: 'Whether the process can serve, with the state of each dependency; 503 if it cannot.',
      answer: async (_request, response) => {
        const readiness = await health.readiness();
        response.status(readiness.status === 'not-ready' ? 503 : 200).json(readiness);
      },
    },
    '/metrics': {
      summary: 'Metrics for Prometheus, as OpenMetrics with exemplars if the client accepts that.',
      answer: async (request, response) => {
        const { contentType, text } = await metrics.expose(request.get('accept'));
        response.setHeader('Content-Type', contentType).setHeader('Vary', 'Accept').end(text);
      },
    },
    '/info': {
      summary: 'Version, commit, modules and adapters of the process.',
      answer: (_request, response) => void response.json({ ...info(), uptimeSeconds: process.uptime() }),
    },
  };
  const summaries = [
    ...Object.entries(endpoints).map(([path, { summary }]) => ({ path, summary })),
    { path: '/console/', summary: 'A page: watch events flow, look at what is wrong, and act.' },
  ];
  const app = express();
  app.disable('x-powered-by');
  if (hostNames) app.use(ownHosts(hostNames));
  getOnly(app, '/', (_request, response) => void response.json({ endpoints: summaries }));
  for (const [path, { answer }] of Object.entries(endpoints)) getOnly(app, path, answer);
  app.use('/console', console);
  app.use((request, response) => {
    sendProblem(request, response, { code: 'not-found', status: 404, detail: 'no such path' });
  });
  app.use(problemHandler(logger));
  return app;
}
