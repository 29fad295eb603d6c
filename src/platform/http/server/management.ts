import express, { type Express } from 'express';
import type { Health } from '../../operating/health.js';
import type { Metrics } from '../../operating/metrics.js';

/** What the process is, besides how it is. */
export interface ProcessInfo {
  readonly version: string;
  readonly commit: string;
  readonly modules: readonly string[];
  /** What it runs on: `kafka`, `embedded log`. */
  readonly adapters: readonly string[];
}

/** The operators' application; never exposed to clients. */
export function createManagementApp(health: Health, metrics: Metrics, info: () => ProcessInfo): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/health/live', (_request, response) => void response.json({ status: 'live' }));
  app.get('/health/ready', async (_request, response) => {
    const readiness = await health.readiness();
    response.status(readiness.status === 'not-ready' ? 503 : 200).json(readiness);
  });
  app.get('/metrics', async (_request, response) => {
    response.setHeader('Content-Type', metrics.contentType).end(await metrics.expose());
  });
  app.get('/info', (_request, response) => void response.json({ ...info(), uptimeSeconds: process.uptime() }));
  return app;
}
