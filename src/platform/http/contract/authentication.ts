import type { Request, RequestHandler, Response } from 'express';
import { type Caller, InvalidToken, type VerifyToken } from '../../operating/auth/caller.js';
import { requestContext, withRequestContext } from '../../tools/request-context.js';
import { PlatformError } from '../../tools/errors.js';
import type { Alternatives } from './openapi.js';
import { onlyFor, restrictTo } from '../resources/only-for.js';
import { sendProblem } from '../resources/problem.js';
import { isSelfScope } from './ownership.js';

/**
 * Requires a token with the scopes of the operation; otherwise responds 401 or 403 (RFC 6750). The token's subject
 * becomes the actor of the request. If only a `:self` scope lets the token in, the request is restricted to the
 * token's customer. Nothing else of the token is passed on.
 * @param alternativesOf returns those of the requested operation; even without scopes a token is required
 */
export function authentication(
  verify: VerifyToken,
  alternativesOf: (response: Response) => Alternatives,
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
    authorize(response, caller, alternativesOf(response));
    const context = requestContext();
    if (!context) throw new Error('authentication needs tracing before it');
    withRequestContext({ ...context, actor: caller.subject }, next);
  };
}

/** @throws PlatformError `forbidden` if the token meets no alternative */
function authorize(response: Response, caller: Caller, alternatives: Alternatives): void {
  response.locals.scopes = caller.scopes;
  const [staff] = alternatives;
  if (!staff) return;
  const missing = staff.find((scope) => !caller.scopes.has(scope)) ?? staff.join(' ');
  const met = alternatives.find((scopes) => meets(caller, scopes));
  if (!met) throw insufficientScope(response, missing);
  if (!met.some(isSelfScope)) return;
  restrictTo(response, caller.customer as string);
  response.locals.challenge = challengeForScope(missing);
}

/** A `:self` scope counts only if the token names the customer. */
function meets({ scopes: held, customer }: Caller, scopes: readonly string[]): boolean {
  return scopes.every((scope) => held.has(scope) && (customer !== undefined || !isSelfScope(scope)));
}

/**
 * Requires one more scope for a request, for instance because of what it asks for. Without authentication, every
 * request has all scopes.
 * @param selfScope is sufficient for a request that is restricted to the caller's own data
 * @throws PlatformError `forbidden`, and sets the challenge for the response
 * @example
 * requireScope(request, 'customers:read', 'customers:self');
 */
export function requireScope(request: Request, scope: string, selfScope?: string): void {
  const { res: response } = request;
  const scopes = response?.locals.scopes as ReadonlySet<string> | undefined;
  if (!scopes || scopes.has(scope)) return;
  if (selfScope !== undefined && onlyFor(request) !== undefined && scopes.has(selfScope)) return;
  throw insufficientScope(response as Response, scope);
}

/** Creates the error, and sets the challenge for the response. */
function insufficientScope(response: Response, scope: string): PlatformError {
  response.setHeader('WWW-Authenticate', challengeForScope(scope));
  return new PlatformError('forbidden', 'insufficient-scope', `the token does not have the scope ${scope}`);
}

function challengeForScope(scope: string): string {
  return challenge({ error: 'insufficient_scope', scope });
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
