import { isDeepStrictEqual } from 'node:util';
import type { Router } from 'express';

/** The parts of an OpenAPI document that the platform reads; the other parts pass through unchanged. */
export interface OpenApiDocument {
  readonly openapi?: string;
  readonly info: object;
  readonly servers?: readonly object[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components?: OpenApiComponents;
  readonly tags?: readonly object[];
}

export interface OpenApiComponents {
  readonly schemas?: Readonly<Record<string, object>>;
  readonly securitySchemes?: Readonly<Record<string, object>>;
  readonly [kind: string]: Readonly<Record<string, object>> | undefined;
}

export interface OpenApiOperation {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly OpenApiParameter[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content: Readonly<Record<string, { readonly schema: object }>>;
  };
  /** Scopes by security scheme; a caller needs to meet only one of several entries. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly responses?: Readonly<Record<string, OpenApiResponse>>;
  readonly [more: string]: unknown;
}

export interface OpenApiParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema: object;
  readonly example?: unknown;
}

export interface OpenApiResponse {
  readonly description: string;
  readonly headers?: object;
  readonly content?: Readonly<Record<string, OpenApiContent>>;
}

export interface OpenApiContent {
  readonly schema: { readonly $ref?: string };
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

/** The scopes that give access to an operation: a token needs all of one alternative. The first one is the staff's. */
export type Alternatives = readonly (readonly string[])[];

/** The HTTP API of a context. */
export interface HttpApi {
  readonly openApi: OpenApiDocument;
  readonly registerRoutes: (router: Router) => void;
}

/** Returns the scopes that give access to an operation. */
export function alternativesOf({ security = [] }: OpenApiOperation): Alternatives {
  return security.map((schemes) => Object.values(schemes).flat());
}

/**
 * Merges the documents of the active modules into one.
 * @throws Error when two documents define the same path or component differently
 */
export function mergeDocuments(documents: readonly OpenApiDocument[]): OpenApiDocument {
  const [first, ...others] = documents;
  if (!first) throw new Error('no OpenAPI document');
  return others.reduce(
    (merged, other) => ({
      ...merged,
      paths: union(merged.paths, other.paths),
      components: mergeComponents(merged.components, other.components),
      tags: [...(merged.tags ?? []), ...(other.tags ?? [])],
    }),
    first,
  );
}

function mergeComponents(a: OpenApiComponents = {}, b: OpenApiComponents = {}): OpenApiComponents {
  const kinds = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...kinds].map((kind) => [kind, union({ ...a[kind] }, { ...b[kind] })]));
}

function union<Value>(a: Readonly<Record<string, Value>>, b: Readonly<Record<string, Value>>): Record<string, Value> {
  for (const name of Object.keys(a)) {
    if (name in b && !isDeepStrictEqual(a[name], b[name])) throw new Error(`two modules define ${name} differently`);
  }
  return { ...a, ...b };
}
