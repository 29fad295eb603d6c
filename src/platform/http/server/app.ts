import express, { type Express, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import type { Container } from 'inversify';
import type { Logger } from 'pino';
import swaggerUi from 'swagger-ui-express';
import type { VerifyToken } from '../../operating/auth/caller.js';
import type { Metrics } from '../../operating/metrics/metrics.js';
import { requestContext } from '../../tools/request-context.js';
import { accessLog } from './access-log.js';
import { contractGuard } from '../contract/contract-guard.js';
import type { HttpApi, OpenApiDocument } from '../contract/openapi.js';
import { oneInFlight } from '../resources/idempotency.js';
import type { AsyncApiDocument } from '../pages/async-api-document.js';
import { eventsPage } from '../pages/events-page.js';
import { EVENTS_STYLE } from '../pages/events-style.js';
import { problemHandler } from '../resources/problem.js';
import { getOnly } from './get-only.js';
import { loadShedding } from './load-shedding.js';
import { measuring, type OnAnswered } from './measuring.js';
import { ownHosts } from './own-hosts.js';
import { requestLimits } from './request-limits.js';
import { tracing } from './tracing.js';
import { UnsentResponses } from './unsent-responses.js';

// A relative URL, because a gateway may add a prefix. No validator: the public one would learn our address.
const SWAGGER_UI = { url: '../openapi.json', validatorUrl: null };

const EVENTS_LINK = '<p style="margin: 1rem; font-family: sans-serif"><a href="./events">Events</a></p>';

/** Links to the descriptions of the service, for people and for programs (RFC 8631). */
const DOCUMENT_LINKS = [
  '<docs/>; rel="service-doc"; type="text/html"',
  '<docs/events>; rel="service-doc"; type="text/html"',
  '<openapi.json>; rel="service-desc"; type="application/json"',
  '<asyncapi.json>; rel="service-desc"; type="application/json"',
].join(', ');

/** Memory for concurrent requests; enough for a few thousand of usual size. */
const MAX_BYTES_IN_FLIGHT = 64 * 1024 ** 2;
/** Memory for responses that their clients have not read yet; 32 of the largest pages. */
const MAX_UNSENT_BYTES = 32 * 1024 ** 2;

/** The documents that the process serves; every request is checked against `openApi`. */
export interface Documents {
  readonly openApi: OpenApiDocument;
  readonly asyncApi: object;
}

export interface AppSettings {
  readonly documents: Documents;
  readonly apis: readonly HttpApi[];
  readonly container: Container;
  readonly logger: Logger;
  /** Bytes. */
  readonly bodyLimit: number;
  readonly metrics: Metrics;
  /** 1 logs every completed request, 100 one of a hundred, 0 none. */
  readonly accessLogSample: number;
  /** Without it, no request needs a token. */
  readonly verifyToken?: VerifyToken;
  /** If no request needs a token: the names of the process, in addition to localhost. See own-hosts.ts. */
  readonly hostNames?: readonly string[];
}

/** Returns the application for clients: the documents, and the routes of the given contexts only. */
export function createApp(settings: AppSettings): Express {
  const { documents, apis, container, logger, bodyLimit, metrics, accessLogSample, verifyToken, hostNames } = settings;
  const { openApi, asyncApi } = documents;
  const log = accessLog(logger, accessLogSample);
  const onAnswered: OnAnswered = (answered, context) => {
    metrics.observe(answered, context?.traceparent);
    log(answered, context);
  };
  const app = express();
  app.set('container', container);
  app.set('query parser', 'simple');
  app.set('etag', false);
  app.disable('x-powered-by');
  app.response.json = jsonSender(new UnsentResponses(MAX_UNSENT_BYTES));
  app.use(securityHeaders());
  app.use(
    tracing(),
    measuring(onAnswered),
    requestLimits(),
    ...(hostNames ? [ownHosts(hostNames)] : []),
    loadShedding(Math.max(MAX_BYTES_IN_FLIGHT, 2 * bodyLimit), bodyLimit),
  );
  getOnly(app, '/', redirectToDocs);
  getOnly(app, '/openapi.json', (_request, response) => void response.json(openApi));
  getOnly(app, '/asyncapi.json', (_request, response) => void response.json(asyncApi));
  servePages(app, asyncApi as AsyncApiDocument);
  app.use(contractGuard(openApi, bodyLimit, verifyToken), oneInFlight());
  for (const { registerRoutes } of apis) registerRoutes(app);
  app.use(problemHandler(logger));
  return app;
}

/** Serves Swagger UI, and beside it the page on events; each links to the other. */
function servePages(app: Express, asyncApi: AsyncApiDocument): void {
  const events = eventsPage(asyncApi);
  const swagger = swaggerUi
    .generateHTML(undefined, { swaggerOptions: SWAGGER_UI })
    .replace('<div id="swagger-ui">', `${EVENTS_LINK}$&`);
  getOnly(app, '/docs/events', (_request, response) => void response.type('html').send(events));
  getOnly(app, '/docs/events.css', (_request, response) => void response.type('css').send(EVENTS_STYLE));
  const sendSwagger: RequestHandler = (_request, response) => void response.send(swagger);
  app.use('/docs', swaggerUi.serve, sendSwagger);
}

/**
 * 303, not 302: the page describes the service; it is not a representation of `/` that moved temporarily. The target is
 * relative, because a gateway may add a prefix.
 */
const redirectToDocs: RequestHandler = (_request, response) => {
  response.setHeader('Link', DOCUMENT_LINKS);
  response.redirect(303, 'docs/');
};

/** Sets Helmet's headers. They never change, so its thirteen handlers run once and not for each response. */
function securityHeaders(): RequestHandler {
  // Responses have personal data, which no browser or proxy may keep.
  const headers = new Map([['Cache-Control', 'no-store']]);
  const handler = helmet({ contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } } });
  const recorder = {
    setHeader: (name: string, value: string) => headers.set(name, value),
    removeHeader: () => undefined,
  };
  handler({} as never, recorder as never, () => undefined);
  return (_request, response, next) => {
    for (const [name, value] of headers) response.setHeader(name, value);
    next();
  };
}

/** Returns Express's `json` without the settings that we do not use. */
function jsonSender(unsent: UnsentResponses): (this: Response, body: unknown) => Response {
  return function json(body) {
    const text = JSON.stringify(body);
    this.setHeader('Content-Type', 'application/json; charset=utf-8');
    if (this.req.method === 'HEAD') return this.setHeader('Content-Length', Buffer.byteLength(text)).end();
    unsent.send(this, requestContext()?.actor ?? this.req.socket.remoteAddress ?? '', text);
    return this;
  };
}
