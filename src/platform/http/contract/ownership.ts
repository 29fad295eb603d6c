import type { RequestHandler, Response } from 'express';
import { onlyFor } from '../resources/only-for.js';
import { type Problem, PROBLEM_JSON, sendProblem } from '../resources/problem.js';
import type { OpenApiOperation } from './openapi.js';

/** Ending of the scopes that give access only to what is the caller's own. */
const SELF = ':self';
/** Path parameter with the id of the customer to whom everything at that path belongs. */
const CUSTOMER = 'customerId';

/** The path of an operation, and the response to a request for something that does not exist. */
export interface Target {
  /** The path in the document: `/orders/{orderId}`. */
  readonly template: string;
  readonly notFound: Problem | undefined;
}

/** Returns whether a scope gives access only to what is the caller's own. */
export function isSelfScope(scope: string): boolean {
  return scope.endsWith(SELF);
}

/**
 * Responds 404 to a request that is restricted to a customer and whose path names another one. The response is the
 * documented one for a customer that does not exist, so it does not show which ids exist.
 */
export function otherCustomersNotFound(targetOf: (response: Response) => Target): RequestHandler {
  return (request, response, next) => {
    const customer = onlyFor(request);
    const { template, notFound } = targetOf(response);
    const segment = template.split('/').indexOf(`{${CUSTOMER}}`);
    if (customer === undefined || segment < 0 || decode(request.path.split('/')[segment]) === customer) {
      next();
      return;
    }
    const { type = 'urn:problem:not-found', detail = 'there is no such customer' } = notFound ?? {};
    sendProblem(request, response, { code: type.replace('urn:problem:', ''), status: 404, detail });
  };
}

/** Returns the documented problem of an operation for something that does not exist, if there is one. */
export function notFoundOf({ responses }: OpenApiOperation): Problem | undefined {
  return responses?.['404']?.content?.[PROBLEM_JSON]?.example as Problem | undefined;
}

/** Returns a part of a path as the router does; undefined if the router would refuse it. */
function decode(segment = ''): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
