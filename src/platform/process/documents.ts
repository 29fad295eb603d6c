import { toAsyncApi } from '../context/async-api/async-api.js';
import { readBuildInfo } from './build-info.js';
import type { Context } from '../context/define-context.js';
import { SERVERS } from '../http/contract/describe.js';
import type { Documents } from '../http/server/app.js';
import { mergeDocuments } from '../http/contract/openapi.js';

const PROBLEMS = 'Errors are returned as `application/problem+json` (RFC 9457).';

/**
 * Creates the OpenAPI and AsyncAPI documents of these contexts.
 * @param partitions number of partitions of new topics
 */
export function documentsOf(contexts: readonly Context[], partitions: number): Documents {
  const { name, version, license } = readBuildInfo();
  const none = { openapi: '3.1.0', info: { title: name, version, license: { name: license } } };
  const merged = mergeDocuments([
    { ...none, servers: SERVERS, paths: {} },
    ...contexts.flatMap(({ http }) => http?.openApi ?? []),
  ]);
  const purposes = contexts.map(({ name, purpose }) => `${name}: ${purpose}.`);
  return {
    openApi: {
      ...merged,
      info: { ...merged.info, description: [...purposes, PROBLEMS].join(' ') },
      tags: contexts.flatMap(tagsOf),
    },
    asyncApi: toAsyncApi({ ...merged.info, description: purposes.join(' ') }, contexts, partitions),
  };
}

/** Returns the tags of a context's operations. */
function tagsOf({ name, purpose, http }: Context): object[] {
  const operations = Object.values(http?.openApi.paths ?? {}).flatMap((path) => Object.values(path));
  const tags = new Set(operations.flatMap((operation) => operation.tags ?? []));
  return [...tags].map((tag) => ({ name: tag, description: `Served by ${name}, ${purpose}.` }));
}
