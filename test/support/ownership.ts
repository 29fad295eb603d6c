import type { Answer } from './http.js';
import { customerInput, orderInput } from './requests.js';

/** A customer and an order of this customer; or ids and a name that nobody has. */
export interface Possession {
  readonly customerId: string;
  readonly lastName: string;
  readonly orderId: string;
}

export const TARGETS = ['own', 'other', 'missing'] as const;
export type Target = (typeof TARGETS)[number];
type Statuses = readonly [own: number, other: number, missing: number];

/** What an operation does for whom. */
export interface Decision {
  /** Where it is not the path with the ids filled in. */
  readonly query?: (of: Possession) => string;
  readonly body?: (of: Possession) => object;
  /** The scope of staff and services. */
  readonly scope: string;
  readonly staff: Statuses;
  /** With a `:self` scope and the claim. */
  readonly self: Statuses;
  /** The ids that a list answers if it finds something. */
  readonly lists?: (of: Possession) => string[];
}

const EVERYBODY: Statuses = [201, 201, 201];
const NOBODY: Statuses = [403, 403, 403];
const READ = { staff: [200, 200, 404], self: [200, 404, 404] } as const;

/** By operation; one that is not here fails the test. */
export const DECISIONS: Readonly<Record<string, Decision>> = {
  'POST /accounts/customers': {
    ...{ scope: 'customers:write', staff: EVERYBODY, self: NOBODY },
    body: () => customerInput('Registered'),
  },
  'GET /accounts/customers': {
    ...{ scope: 'customers:read', staff: [200, 200, 200], self: [200, 200, 200] },
    query: ({ lastName }) => `?lastName=${lastName}`,
    lists: ({ customerId }) => [customerId],
  },
  'GET /accounts/customers/{customerId}': { ...READ, scope: 'customers:read' },
  'PUT /accounts/customers/{customerId}': {
    ...{ ...READ, scope: 'customers:write' },
    body: () => customerInput('Changed'),
  },
  'PATCH /accounts/customers/{customerId}': {
    ...{ ...READ, scope: 'customers:write' },
    body: () => ({ name: { title: 'Dr' } }),
  },
  'DELETE /accounts/customers/{customerId}': {
    scope: 'customers:write',
    staff: [204, 204, 404],
    self: [204, 404, 404],
  },
  'GET /accounts/customers/{customerId}/history': { ...READ, scope: 'customers:read' },
  // Nobody here is erased.
  'GET /accounts/customers/{customerId}/erasure': {
    ...{ scope: 'customers:read', staff: [404, 404, 404], self: [404, 404, 404] },
  },
  'POST /orders': {
    ...{ scope: 'orders:write', staff: [201, 201, 422], self: [201, 403, 403] },
    body: ({ customerId }) => orderInput(customerId),
  },
  'GET /orders': {
    ...{ scope: 'orders:read', staff: [200, 200, 200], self: [200, 200, 200] },
    query: ({ customerId }) => `?customerId=${customerId}`,
    lists: ({ orderId }) => [orderId],
  },
  'GET /orders/{orderId}': { ...READ, scope: 'orders:read' },
  'POST /orders/{orderId}/ship': { scope: 'orders:write', staff: [200, 200, 404], self: NOBODY },
  'POST /orders/{orderId}/cancel': { ...READ, scope: 'orders:write' },
  'GET /orders/{orderId}/history': { ...READ, scope: 'orders:read' },
  'GET /orders/customers/{customerId}': {
    ...{ ...READ, scope: 'orders:read' },
    lists: ({ orderId }) => [orderId],
  },
};

/** Whose tokens there are, and what each may do. All but the last have the claim of the one who owns. */
export const TOKENS: readonly {
  readonly name: string;
  readonly scopes: (decision: Decision) => readonly string[];
  readonly statuses: (decision: Decision) => Statuses;
  readonly customer: 'own' | undefined;
}[] = [
  { name: "the staff's scope", scopes: ({ scope }) => [scope], statuses: ({ staff }) => staff, customer: 'own' },
  { name: 'a self scope', scopes: (of) => [selfOf(of)], statuses: ({ self }) => self, customer: 'own' },
  { name: 'both', scopes: (of) => [selfOf(of), of.scope], statuses: ({ staff }) => staff, customer: 'own' },
  { name: 'every other scope', scopes: othersThan, statuses: () => NOBODY, customer: 'own' },
  { name: 'no scope', scopes: () => [], statuses: () => NOBODY, customer: 'own' },
  { name: 'a self scope and no claim', scopes: (of) => [selfOf(of)], statuses: () => NOBODY, customer: undefined },
];

const SCOPES = ['customers', 'orders'].flatMap((context) =>
  ['read', 'write', 'self'].map((may) => `${context}:${may}`),
);

export const selfOf = ({ scope }: Decision) => scope.replace(/:.*/, ':self');

function othersThan(decision: Decision): string[] {
  return SCOPES.filter((scope) => scope !== decision.scope && scope !== selfOf(decision));
}

/** The request of an operation for what somebody has. */
export function requestOf(operation: string, of: Possession) {
  const { query, body } = DECISIONS[operation]!;
  const [method = '', template = ''] = operation.split(' ');
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: keyof Possession) => of[name]) + (query?.(of) ?? '');
  return { method, path, ...(body && { body: body(of) }) };
}

/** The ids in a list; none of what is no list. */
export function idsIn({ body }: Answer): string[] {
  return ((body?.items ?? body?.orders ?? []) as { id: string }[]).map(({ id }) => id);
}
