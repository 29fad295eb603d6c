import { createHash } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Idempotency } from '../../aggregate/idempotency.js';
import { PlatformError } from '../../tools/errors.js';
import { requestContext } from '../../tools/request-context.js';
import { withoutCardNumbers } from '../../tools/card-numbers.js';
import { onlyFor } from './only-for.js';

const HEADER = 'Idempotency-Key';
const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/;

/**
 * Returns the digests of a request's `Idempotency-Key` and body; undefined without a key. The caller, the customer that
 * the request is restricted to, and the path are part of the key. Card numbers are left out of the digest: there are so
 * few that a search could find them from it.
 * @throws PlatformError `malformed` when the key is not 1 to 255 visible ASCII characters
 * @example
 * await this.placeOrder.execute(body, waitSeconds, idempotencyOf(idempotencyKey, request));
 */
export function idempotencyOf(key: string | undefined, request: Request): Idempotency | undefined {
  if (key === undefined) return undefined;
  if (!VISIBLE_ASCII.test(key)) {
    throw new PlatformError('malformed', 'invalid-idempotency-key', `${HEADER} must be 1 to 255 visible characters`);
  }
  const actor = requestContext()?.actor ?? '';
  const customer = onlyFor(request);
  const body: unknown = request.body;
  return {
    // A path with a trailing slash is the same route. A subject may act for one customer after another: a stored
    // response is returned without asking whose it is.
    key: digest([actor, request.path.replace(/\/$/, ''), key, ...(customer === undefined ? [] : [customer])]),
    request: digest(body === undefined ? null : withoutCardNumbers(body)),
  };
}

/** Responds 409 while this process is still executing another request with the same key. */
export function oneInFlight(): RequestHandler {
  const inFlight = new Set<string>();
  return (request, response, next) => {
    const idempotency = request.method === 'POST' ? idempotencyOf(request.get(HEADER), request) : undefined;
    if (!idempotency) {
      next();
      return;
    }
    const { key } = idempotency;
    if (inFlight.has(key)) {
      throw new PlatformError(
        'conflict',
        'request-in-flight',
        `another request with this ${HEADER} is still in progress`,
      );
    }
    inFlight.add(key);
    response.once('close', () => inFlight.delete(key));
    next();
  };
}

function digest(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sortMembers(value)))
    .digest('base64url');
}

/** Sorts the members, so that their order does not change the digest. */
function sortMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortMembers);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, sortMembers(member)]));
}
