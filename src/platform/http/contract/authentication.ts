import type { Request, RequestHandler, Response } from 'express';
import { InvalidToken, type VerifyToken } from '../../operating/auth/caller.js';
import { requestContext, withRequestContext } from '../../tools/request-context.js';
import type { OpenApiOperation } from './openapi.js';
import { sendProblem } from '../resources/problem.js';

/**
 * Lets only those in whose token has the scopes that the operation names: else 401 or 403, as RFC 6750 has it. The token's
 * subject becomes the actor of the request, and nothing else of it goes on.
 * @param scopesOf what the operation of a request needs; without any a token is needed all the same
 */
export function authentication(
  verify: VerifyToken,
  scopesOf: (response: Response) => readonly string[],
): RequestHandler {
  return async (request, response, next) => {
    const token = bearerToken(request);
    if (token === undefined) {
      response.setHeader('WWW-Authenticate', challenge());
      sendProblem(request, response, { code: 'unauthenticated', status: 401, detail: 'send a bearer token' });
      return;
    }
    const caller = await verify(token).catch(invalid);
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

/** The scopes by which an operation lets callers in. */
export function scopesIn({ security = [] }: OpenApiOperation): readonly string[] {
  return Object.values(security[0] ?? {}).flat();
}

/** What comes with the scheme `Bearer`, whatever it is; undefined where there is no such scheme. */
function bearerToken({ headers }: Request): string | undefined {
  const match = /^bearer(?: +(.*))?$/i.exec(headers.authorization ?? '');
  return match ? (match[1] ?? '') : undefined;
}

function invalid(error: unknown): InvalidToken {
  if (error instanceof InvalidToken) return error;
  throw error;
}

function challenge(parameters: Readonly<Record<string, string>> = {}): string {
  const all = Object.entries({ realm: 'accounts-orders', ...parameters });
  return `Bearer ${all.map(([name, value]) => `${name}="${value}"`).join(', ')}`;
}
