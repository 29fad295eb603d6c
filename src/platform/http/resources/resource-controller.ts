import { Controller } from '@tsoa/runtime';
import type { Request } from 'express';
import type { Conditions, CommandResult } from '../../aggregate/change-aggregate.js';
import type { FieldPath, ListQuery } from '../../views/listing.js';
import { parseIfMatch, toETag } from './conditional.js';
import { idempotencyOf } from './idempotency.js';
import { linkTo, parseSort } from './paging.js';

/** A list that a client requests. */
export interface ListRequest {
  /** The path of the list. */
  readonly path: string;
  /** The query parameters that filter the list. */
  readonly filter?: Readonly<Record<string, string | undefined>>;
  /** The value of `sort`, and the field paths of the names that it may use. */
  readonly sort?: { readonly by: string; readonly fields: Readonly<Record<string, FieldPath>> };
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** The query of a page, and the link to the next one. */
export interface Paging {
  readonly order: Omit<ListQuery, 'where'>;
  /** Sets the `Link` header to the next page and returns its cursor; returns nothing on the last page. */
  following(next: string | undefined): { next?: string };
}

/**
 * Base class of controllers for versioned resources: `ETag`, `Location`, `Link` and cursors. Each request needs its own
 * controller, because tsoa keeps the headers of the response in it.
 * @example
 * class OrdersController extends ResourceController {
 *   async read(orderId: string): Promise<Order> {
 *     return this.versioned({ state: await this.getOrder.execute(orderId) });
 *   }
 * }
 */
export abstract class ResourceController extends Controller {
  /** Returns the state after a command or a query, and sets its version as `ETag`. */
  protected versioned<State extends { readonly version: number }>({ state, replayed }: CommandResult<State>): State {
    this.setHeader('ETag', toETag(state.version));
    if (replayed) this.setHeader('Idempotency-Replayed', 'true');
    return state;
  }

  /** Does the same for a new resource, and sets `Location`. @param list the path before the id */
  protected created<State extends { readonly id: string; readonly version: number }>(
    list: string,
    outcome: CommandResult<State>,
  ): State {
    this.setHeader('Location', `${list}/${outcome.state.id}`);
    return this.versioned(outcome);
  }

  /** @throws PlatformError `invalid` for a repeated sort field */
  protected paging({ path, filter = {}, sort, limit, cursor }: ListRequest): Paging {
    const request = { path, parameters: { ...filter, sort: sort?.by }, limit };
    return {
      order: { sort: sort ? parseSort(sort.by, sort.fields) : [], limit, ...(cursor !== undefined && { cursor }) },
      following: (next) => {
        if (next === undefined) return {};
        this.setHeader('Link', linkTo(next, request));
        return { next };
      },
    };
  }
}

/**
 * Returns the conditions of a command from its headers: `If-Match` and `Idempotency-Key`.
 * @throws PlatformError `malformed` for an invalid key
 * @example
 * await this.shipOrder.execute(orderId, conditionsOf(request, { ifMatch, idempotencyKey }));
 */
export function conditionsOf(
  request: Request,
  { ifMatch, idempotencyKey }: { readonly ifMatch?: string | undefined; readonly idempotencyKey?: string | undefined },
): Conditions {
  return { expected: parseIfMatch(ifMatch), idempotency: idempotencyOf(idempotencyKey, request) };
}
