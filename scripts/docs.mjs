// Writes the documents of what the built code serves, publishes and reads into docs/.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { documentFiles } from './docs/document-files.mjs';

const built = (/** @type {string} */ file) => import(new URL(`../dist/${file}`, import.meta.url).href);
const { CONTEXTS } = await built('contexts.js');
const { documentsOf } = await built('documents.js');
const { parseConfig } = await built('platform/config/config.js');

const { KAFKA_TOPIC_PARTITIONS } = parseConfig({});
const files = documentFiles(CONTEXTS, (contexts) => documentsOf(contexts, KAFKA_TOPIC_PARTITIONS));
for (const [file, content] of Object.entries(files)) writeFileSync(path.join('docs', file), content);
