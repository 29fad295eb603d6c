import { Controller } from '@tsoa/runtime';
import type { Request } from 'express';
import type { Conditions, Outcome } from '../../aggregate/change-aggregate.js';
import type { FieldPath, ListPage, ListQuery } from '../../views/listing.js';
import { parseIfMatch, toETag } from './conditional.js';
import { idempotencyOf } from './idempotency.js';
import { nextOf, parseSort, placeAfter } from './paging.js';

/** A list as a client asks for it. */
export interface ListRequest {
  /** Of the list. */
  readonly path: string;
  /** The query parameters that make it this list, apart from the order. */
  readonly filter?: Readonly<Record<string, string | undefined>>;
  /** `sort` as it was sent, and the paths behind the names in it. */
  readonly sort?: { readonly by: string; readonly fields: Readonly<Record<string, FieldPath>> };
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** How a page is read, and what comes with it. */
export interface Paging {
  readonly order: Omit<ListQuery, 'where'>;
  /** Given where the next page begins, if there is one, its cursor; a `Link` says the same. */
  following(place: ListPage<unknown>['next']): { next?: string };
}

/**
 * What controllers of versioned resources have in common. A controller is made for each request: tsoa keeps the headers
 * of an answer in it.
 */
export abstract class ResourceController extends Controller {
  /** The state after a command or a query, with its version as `ETag`. */
  protected versioned<State extends { readonly version: number }>({ state, replayed }: Outcome<State>): State {
    this.setHeader('ETag', toETag(state.version));
    if (replayed) this.setHeader('Idempotency-Replayed', 'true');
    return state;
  }

  /** The same for what was created. @param list the path that its id goes behind */
  protected created<State extends { readonly id: string; readonly version: number }>(
    list: string,
    outcome: Outcome<State>,
  ): State {
    this.setHeader('Location', `${list}/${outcome.state.id}`);
    return this.versioned(outcome);
  }

  /** @throws PlatformError `malformed` for a cursor that this list did not give, `invalid` for a field named twice */
  protected paging({ path, filter = {}, sort, limit, cursor }: ListRequest): Paging {
    const request = { path, parameters: { ...filter, sort: sort?.by }, limit, cursor };
    const after = placeAfter(request);
    return {
      order: { sort: sort ? parseSort(sort.by, sort.fields) : [], limit, ...(after && { after }) },
      following: (place) => {
        const following = nextOf(request, place);
        if (!following) return {};
        this.setHeader('Link', following.link);
        return { next: following.next };
      },
    };
  }
}

/** What a client asks of a command by its headers. @throws PlatformError `malformed` for a key that is none */
export function conditionsOf(
  request: Request,
  { ifMatch, idempotencyKey }: { readonly ifMatch?: string | undefined; readonly idempotencyKey?: string | undefined },
): Conditions {
  return { expected: parseIfMatch(ifMatch), idempotency: idempotencyOf(idempotencyKey, request) };
}
