import type { RequestHandler, Response } from 'express';
import { authentication } from '../http/contract/authentication.js';
import type { VerifyToken } from '../operating/auth/caller.js';
import { requestContext } from '../tools/request-context.js';

/** Reading the console. */
export const READ = 'operations:read';
/** Changing something from the console. */
export const WRITE = 'operations:write';
/** Seeing personal data in the console. */
export const PERSONAL = 'operations:personal';

/** Requires a token with a scope. Without authentication, everybody has all scopes. */
export function requires(scope: string, verify: VerifyToken | undefined): RequestHandler {
  if (verify) return authentication(verify, () => [[scope]]);
  return (_request, _response, next) => next();
}

/** Returns true if the caller of a request has the scope. */
export function has(response: Response, scope: string): boolean {
  const scopes = response.locals.scopes as ReadonlySet<string> | undefined;
  return scopes?.has(scope) ?? true;
}

/** Returns the subject of the caller's token; undefined without authentication. */
export function actorOf(): string | undefined {
  return requestContext()?.actor;
}
