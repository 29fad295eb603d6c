import type { Request, RequestHandler, Response } from 'express';
import { InvalidToken, type VerifyToken } from '../../operating/auth/caller.js';
import { requestContext, withRequestContext } from '../../tools/request-context.js';
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
    const scopes = scopesOf(response);
    if (!scopes.every((scope) => caller.scopes.has(scope))) {
      const scope = scopes.join(' ');
      response.setHeader('WWW-Authenticate', challenge({ error: 'insufficient_scope', scope }));
      const detail = `the token does not have the scope ${scope}`;
      sendProblem(request, response, { code: 'insufficient-scope', status: 403, detail });
      return;
    }
    const context = requestContext();
    if (!context) throw new Error('authentication needs tracing before it');
    withRequestContext({ ...context, actor: caller.subject }, next);
  };
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
