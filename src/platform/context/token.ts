import type { ServiceIdentifier } from 'inversify';

/** Names a port in the container, and knows the type of what stands behind it. A class is the token of its own. */
export type Token<T> = ServiceIdentifier<T>;

/**
 * A token for a port.
 * @example export const ORDERS = token<Orders>('orders');
 */
export function token<T>(name: string): Token<T> {
  return Symbol(name) as Token<T>;
}

/** Tokens of what a constructor takes, in order. */
type Tokens<Args extends readonly unknown[]> = { readonly [Index in keyof Args]: Token<Args[Index]> };

/** A class, and the tokens of what its constructor takes. */
export interface Provided {
  readonly provides: Token<unknown>;
  readonly needs: readonly Token<unknown>[];
  readonly create: (...args: unknown[]) => unknown;
}

/**
 * Says what a class is constructed with, so that it needs no decorators. The compiler checks that the tokens fit.
 * @example provide(ShipOrder, [ORDERS, CUSTOMERS])
 */
export function provide<Args extends readonly unknown[]>(
  useCase: new (...args: Args) => unknown,
  needs: Tokens<Args>,
): Provided {
  const create = (...args: unknown[]) => new useCase(...(args as unknown as Args));
  return { provides: useCase as Token<unknown>, needs, create };
}
