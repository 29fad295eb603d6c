import type { ServiceIdentifier } from 'inversify';

/** Identifies a port in the container, with its type. A class is its own token. */
export type Token<T> = ServiceIdentifier<T>;

/**
 * Creates a token for a port.
 * @example export const ORDERS = token<Orders>('orders');
 */
export function token<T>(name: string): Token<T> {
  return Symbol(name) as Token<T>;
}

/** Tokens of the constructor's parameters, in order. */
type Tokens<Args extends readonly unknown[]> = { readonly [Index in keyof Args]: Token<Args[Index]> };

/** A class, and the tokens of its constructor's parameters. */
export interface Provided {
  readonly provides: Token<unknown>;
  readonly needs: readonly Token<unknown>[];
  readonly create: (...args: unknown[]) => unknown;
}

/**
 * Binds a class to the tokens of its constructor's parameters, without decorators. The compiler checks the types.
 * @example provide(ShipOrder, [ORDERS, CUSTOMERS])
 */
export function provide<Args extends readonly unknown[]>(
  useCase: new (...args: Args) => unknown,
  needs: Tokens<Args>,
): Provided {
  const create = (...args: unknown[]) => new useCase(...(args as unknown as Args));
  return { provides: useCase as Token<unknown>, needs, create };
}
