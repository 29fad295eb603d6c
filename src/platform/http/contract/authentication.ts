import type { Request, RequestHandler, Response } from 'express';
import { InvalidToken, type VerifyToken } from '../../operating/auth/caller.js';
import { requestContext, withRequestContext } from '../../tools/request-context.js';
import { PlatformError } from '../../tools/errors.js';
import type { OpenApiOperation } from './openapi.js';
import { sendProblem } from '../resources/problem.js';

/**
 * Requires a token with the scopes of the operation; otherwise responds 401 or 403 (RFC 6750). The token's subject
 * becomes the actor of the request; nothing else of the token is passed on.
 * @param scopesOf returns the scopes of the requested operation; even without scopes a token is required
 */
export function authentication(
  verify: VerifyToken,
  scopesOf: (response: Response) => readonly string[],
): RequestHandler {
  return async (request, response, next) => {
    const token = bearerToken(request);
    if (token === undefined) {
      response.setHeader('WWW-Authenticate', challenge());
      sendProblem(request, response, { code: 'unauthenticated', status: 401, detail: 'a bearer token is required' });
      return;
    }
    const caller = await verify(token).catch(toInvalidToken);
    if (caller instanceof InvalidToken) {
      const detail = caller.message;
      response.setHeader('WWW-Authenticate', challenge({ error: 'invalid_token', error_description: detail }));
      sendProblem(request, response, { code: 'invalid-token', status: 401, detail });
      return;
    }
    response.locals.scopes = caller.scopes;
    for (const scope of scopesOf(response)) requireScope(request, scope);
    const context = requestContext();
    if (!context) throw new Error('authentication needs tracing before it');
    withRequestContext({ ...context, actor: caller.subject }, next);
  };
}

/**
 * Requires one more scope for a request, for instance because of what it asks for. Without authentication, every
 * request has all scopes.
 * @throws PlatformError `forbidden`, and sets the challenge for the response
 * @example
 * requireScope(request, 'customers:read');
 */
export function requireScope({ res: response }: Request, scope: string): void {
  const scopes = response?.locals.scopes as ReadonlySet<string> | undefined;
  if (!scopes || scopes.has(scope)) return;
  response?.setHeader('WWW-Authenticate', challenge({ error: 'insufficient_scope', scope }));
  throw new PlatformError('forbidden', 'insufficient-scope', `the token does not have the scope ${scope}`);
}

/** Returns the scopes that an operation requires. */
export function scopesIn({ security = [] }: OpenApiOperation): readonly string[] {
  return Object.values(security[0] ?? {}).flat();
}

/** Returns the unverified credentials of the scheme `Bearer`; undefined for any other scheme or none. */
function bearerToken({ headers }: Request): string | undefined {
  const match = /^bearer(?: +(.*))?$/i.exec(headers.authorization ?? '');
  return match ? (match[1] ?? '') : undefined;
}

function toInvalidToken(error: unknown): InvalidToken {
  if (error instanceof InvalidToken) return error;
  throw error;
}

function challenge(parameters: Readonly<Record<string, string>> = {}): string {
  const all = Object.entries({ realm: 'accounts-orders', ...parameters });
  return `Bearer ${all.map(([name, value]) => `${name}="${value}"`).join(', ')}`;
}
