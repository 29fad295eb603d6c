import express, { type Express, type Router } from 'express';
import helmet from 'helmet';
import type { Container } from 'inversify';
import type { Logger } from 'pino';
import swaggerUi from 'swagger-ui-express';
import { contractGuard } from './contract-guard.js';
import { oneInFlight } from './idempotency.js';
import { mergeDocuments, type OpenApiDocument } from './openapi.js';
import { problemHandler } from './problem.js';
import { tracing } from './tracing.js';

/** What a context serves over HTTP. */
export interface HttpApi {
  readonly openApi: OpenApiDocument;
  readonly registerRoutes: (router: Router) => void;
}

/** The clients' application: the documents, and the routes of the given contexts alone. */
export function createApp(apis: readonly HttpApi[], container: Container, logger: Logger, bodyLimit: string): Express {
  const document = mergeDocuments(apis.map(({ openApi }) => openApi));
  const app = express();
  app.set('container', container);
  app.set('query parser', 'simple');
  app.set('etag', false);
  app.disable('x-powered-by');
  app.use(helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } }));
  app.use(tracing());
  app.get('/openapi.json', (_request, response) => void response.json(document));
  app.use('/docs', swaggerUi.serve, swaggerUi.setup(undefined, { swaggerOptions: { url: '/openapi.json' } }));
  app.use(contractGuard(document, bodyLimit), oneInFlight());
  for (const { registerRoutes } of apis) registerRoutes(app);
  app.use(problemHandler(logger));
  return app;
}
