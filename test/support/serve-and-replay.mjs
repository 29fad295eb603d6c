// Serves both contexts as `main.js serve` does, and replays them in the same process, one after the other, without end.
const built = (/** @type {string} */ file) => import(new URL(`../../dist/${file}`, import.meta.url).href);
const { CONTEXTS } = await built('contexts.js');
const { replayModule } = await built('platform/maintenance/replay-module.js');
const { loadConfig } = await built('platform/operating/config/config.js');
const { createLogger } = await built('platform/operating/logger.js');
const { KeyRing } = await built('platform/privacy/key-ring.js');
const { backendsOf } = await built('platform/process/backends.js');
const { Process } = await built('platform/process/process.js');

const { config } = loadConfig(CONTEXTS.map((/** @type {{ name: string }} */ { name }) => name));
const logger = createLogger(config);
const backends = backendsOf(config, logger);
const databases = new Map();
/** @type {unknown} */
let bus;
const running = new Process(
  config,
  CONTEXTS,
  {
    busName: backends.busName,
    openKeyWrapper: () => backends.openKeyWrapper(),
    openBus: async () => (bus = await backends.openBus()),
    openDatabase: async (/** @type {string} */ name) => {
      const database = await backends.openDatabase(name);
      databases.set(name, database);
      return database;
    },
  },
  logger,
);
await running.start();
logger.info(running.ports, 'serving');
await running.joined();
logger.info('ready');

const openPrivacy = async () => ({ ring: new KeyRing(await backends.openKeyWrapper()), seals: true });
const signal = new AbortController().signal;
const during = (/** @type {string} */ phase, /** @type {() => Promise<unknown>} */ work) => {
  if (phase === 'taking-over') logger.info('taking over');
  return work();
};
for (;;) {
  for (const context of CONTEXTS) {
    const connections = { context, bus, database: databases.get(context.name), logger, openPrivacy };
    const { verdict } = await replayModule(connections, {}, { signal, during });
    logger.info({ verdict }, 'replayed');
  }
}
