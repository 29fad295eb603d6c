import type { Context } from '../context/define-context.js';
import type { Logger } from 'pino';
import { backendsOf } from '../process/backends.js';
import { banner } from '../process/banner.js';
import { isEmbedded, loadConfig } from '../operating/config/config.js';
import { createLogger } from '../operating/logger.js';
import { checkMasterKeys } from '../process/open-key-wrapper.js';
import { runsOn } from '../process/runs-on.js';
import { Process } from '../process/process.js';
import { type Command, findContext, type Flags, listModules, refusePositionals } from './command.js';

export const serve = (contexts: readonly Context[]): Command => ({
  usage: `serve [--module ${listModules(contexts)}|all]
  Serves HTTP requests, publishes events and consumes them, until SIGTERM.

  --module   bounded context of the process (default: all)`,
  options: { module: { type: 'string', default: 'all' } },
  run: async (flags, positionals) => {
    refusePositionals(positionals);
    await start(contexts, flags);
    return new Promise<never>(() => undefined);
  },
});

async function start(all: readonly Context[], flags: Flags): Promise<void> {
  const contexts = flags.module === 'all' ? all : [findContext(all, flags)];
  const modules = contexts.map(({ name }) => name);
  const { config, warnings } = loadConfig(modules);
  await checkMasterKeys(config);
  const logger = createLogger(config);
  logger.info({ module: flags.module, runsOn: runsOn(config, modules) }, 'starting');
  for (const warning of warnings) logger.warn(warning);
  logWarnings(logger);
  logUnexpectedErrors(logger);
  const running = new Process(config, contexts, backendsOf(config, logger), logger, all);

  const stopping = new AbortController();
  const stop = (signal: string) => {
    stopping.abort();
    logger.info({ signal }, 'stopping');
    void running.stop().finally(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);

  try {
    await running.start();
  } catch (error) {
    // A signal during the start is no failure; its handler ends the process.
    if (stopping.signal.aborted) return;
    throw error;
  }
  const { port, managementPort } = running.ports;
  logger.info({ module: flags.module, port, managementPort }, 'serving');
  if (isEmbedded(config) || process.stdout.isTTY) {
    const [url, managementUrl] = [port, managementPort].map((each) => `http://${config.HOST}:${each}`);
    console.log(banner(contexts, runsOn(config, modules), String(url), String(managementUrl)));
  }
  await running.joined();
  logger.info('ready');
}

/** Ends the process after an error that nothing handles. Node.js would print all that a driver attached to it. */
function logUnexpectedErrors(logger: Logger): void {
  process.once('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'unexpected error; the process ends');
    process.exit(1);
  });
}

/** Logs the warnings of Node.js. */
function logWarnings(logger: Logger): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    // kafkajs sets timers with negative delays on purpose; Node.js 24 and later warn of that.
    if (warning.name !== 'TimeoutNegativeWarning') logger.warn({ err: warning }, 'Node.js warning');
  });
}
