// The service of the demo: both contexts on the embedded backends, with trouble on request. scripts/demo.mjs starts it.
import { troubleOn } from './trouble.mjs';

const built = (/** @type {string} */ module) => import(new URL(`../../dist/${module}.js`, import.meta.url).href);
/** @type {Pick<typeof import('../../src/contexts.js'), 'CONTEXTS'>} */
const { CONTEXTS } = await built('contexts');
/** @type {Pick<typeof import('../../src/platform/operating/config/config.js'), 'loadConfig'>} */
const { loadConfig } = await built('platform/operating/config/config');
/** @type {Pick<typeof import('../../src/platform/operating/logger.js'), 'createLogger'>} */
const { createLogger } = await built('platform/operating/logger');
/** @type {Pick<typeof import('../../src/platform/process/backends.js'), 'backendsOf'>} */
const { backendsOf } = await built('platform/process/backends');
/** @type {Pick<typeof import('../../src/platform/process/process.js'), 'Process'>} */
const { Process } = await built('platform/process/process');

const { config } = loadConfig(CONTEXTS.map(({ name }) => name));
const logger = createLogger(config);
const backends = backendsOf(config, logger);
/** @type {ReturnType<typeof troubleOn> | undefined} */
let trouble;
const openBus = async () => {
  const bus = await backends.openBus();
  trouble = troubleOn(bus);
  return bus;
};
const running = new Process(config, CONTEXTS, { ...backends, openBus }, logger);

/** @type {Promise<never> | undefined} */
let stopped;
const stop = () => (stopped ??= running.stop().then(() => process.exit(0)));
// Ctrl-C reaches this process, too: the demo ends it once its requests have ended.
process.on('SIGINT', () => undefined);
process.once('SIGTERM', () => void stop());
// The demo has ended, whatever ended it.
process.once('disconnect', () => void stop());

try {
  await running.start();
  await running.joined();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
process.on('message', (/** @type {{ trouble: 'poison' | 'slow' }} */ message) => {
  trouble?.[message.trouble]().catch((error) => logger.warn({ err: error }, 'the demo cannot cause trouble'));
});
process.send?.(running.ports);
