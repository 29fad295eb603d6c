import { toAsyncApi } from '../context/async-api/async-api.js';
import { readBuildInfo } from './build-info.js';
import type { Context } from '../context/define-context.js';
import type { Documents } from '../http/server/app.js';
import { mergeDocuments } from '../http/contract/openapi.js';

const PROBLEMS = 'Errors are returned as `application/problem+json` (RFC 9457).';

/**
 * Creates the OpenAPI and AsyncAPI documents of these contexts.
 * @param partitions number of partitions of new topics
 */
export function documentsOf(contexts: readonly Context[], partitions: number): Documents {
  const { name, version, license } = readBuildInfo();
  const none = { openapi: '3.0.0', info: { title: name, version, license: { name: license } } };
  const merged = mergeDocuments([
    { ...none, servers: [{ url: '/' }], paths: {} },
    ...contexts.flatMap(({ http }) => http?.openApi ?? []),
  ]);
  const purposes = contexts.map(({ name, purpose }) => `${name}: ${purpose}.`);
  return {
    openApi: { ...merged, info: { ...merged.info, description: [...purposes, PROBLEMS].join(' ') } },
    asyncApi: toAsyncApi({ ...merged.info, description: purposes.join(' ') }, contexts, partitions),
  };
}
