import { toAsyncApi } from './platform/async-api/async-api.js';
import type { BoundedContext } from './platform/context.js';
import type { Documents } from './platform/http/app.js';
import { mergeDocuments } from './platform/http/openapi.js';

const PROBLEMS = 'Whatever goes wrong is answered as `application/problem+json` (RFC 9457).';

/**
 * What the given contexts serve over HTTP, what they publish and what they read.
 * @param partitions of a topic that is created
 */
export function documentsOf(contexts: readonly BoundedContext[], partitions: number): Documents {
  const merged = mergeDocuments(contexts.map(({ http }) => http.openApi));
  const purposes = contexts.map(({ name, purpose }) => `${name}: ${purpose}.`);
  return {
    openApi: { ...merged, info: { ...merged.info, description: [...purposes, PROBLEMS].join(' ') } },
    asyncApi: toAsyncApi({ ...merged.info, description: purposes.join(' ') }, contexts, partitions),
  };
}
