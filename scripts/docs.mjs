// Writes the documents of what the built code serves, publishes and reads into docs/.
import { documentFiles } from './docs/document-files.mjs';
import { writeDocuments } from './docs/write-documents.mjs';

const built = (/** @type {string} */ file) => import(new URL(`../dist/${file}`, import.meta.url).href);
const { CONTEXTS } = await built('contexts.js');
const { documentsOf } = await built('platform/process/documents.js');
const { parseConfig } = await built('platform/operating/config/config.js');

const { KAFKA_TOPIC_PARTITIONS } = parseConfig({});
const files = documentFiles(CONTEXTS, (contexts) => documentsOf(contexts, KAFKA_TOPIC_PARTITIONS));
try {
  writeDocuments(files, 'docs');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
