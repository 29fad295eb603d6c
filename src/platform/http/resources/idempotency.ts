import { createHash } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Idempotency } from '../../aggregate/idempotency.js';
import { PlatformError } from '../../tools/errors.js';
import { requestContext } from '../../tools/request-context.js';
import { withoutCardNumbers } from './card-numbers.js';

const HEADER = 'Idempotency-Key';
const VISIBLE = /^[\x21-\x7e]{1,255}$/;

/**
 * What a request's `Idempotency-Key` comes to; undefined without one. Keys of different callers and paths are different.
 * A card's number is not in the digest: there are so few that it could be found out from it.
 * @throws PlatformError `malformed` when the key is not 1 to 255 visible ASCII characters.
 */
export function idempotencyOf(key: string | undefined, request: Request): Idempotency | undefined {
  if (key === undefined) return undefined;
  if (!VISIBLE.test(key)) {
    throw new PlatformError('malformed', 'invalid-idempotency-key', `${HEADER} is not 1 to 255 visible characters`);
  }
  const actor = requestContext()?.actor ?? '';
  const body: unknown = request.body;
  return {
    key: digest([actor, request.path, key]),
    request: digest(body === undefined ? null : withoutCardNumbers(body)),
  };
}

/** Refuses a request while another one under the same key is being carried out by this process: 409. */
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
      throw new PlatformError('conflict', 'request-in-flight', `a request under this ${HEADER} is being carried out`);
    }
    inFlight.add(key);
    response.once('close', () => inFlight.delete(key));
    next();
  };
}

function digest(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('base64url');
}

/** The same JSON whatever the order of its members. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, member]) => [name, sorted(member)]));
}
