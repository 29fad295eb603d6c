import express, { type Express } from 'express';
import type { Health } from '../health/health.js';

/** The operators' application; never exposed to clients. */
export function createManagementApp(health: Health): Express {
  const app = express();
  app.disable('x-powered-by');
  app.get('/health/live', (_request, response) => void response.json({ status: 'live' }));
  app.get('/health/ready', async (_request, response) => {
    const readiness = await health.readiness();
    response.status(readiness.status === 'not-ready' ? 503 : 200).json(readiness);
  });
  return app;
}
