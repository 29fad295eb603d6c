import { isDeepStrictEqual } from 'node:util';
import type { Router } from 'express';

/** What the platform reads of an OpenAPI 3.0 document; the rest goes through unseen. */
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
  readonly parameters?: readonly OpenApiParameter[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly content: Readonly<Record<string, { readonly schema: object }>>;
  };
  /** Scopes by security scheme; of several of these one is enough. */
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

/** What a context serves over HTTP. */
export interface HttpApi {
  readonly openApi: OpenApiDocument;
  readonly registerRoutes: (router: Router) => void;
}

/**
 * One document of the modules that are on.
 * @throws Error when two of them mean different things by the name of a path or a component.
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
    if (name in b && !isDeepStrictEqual(a[name], b[name])) throw new Error(`two modules have a ${name} of their own`);
  }
  return { ...a, ...b };
}
