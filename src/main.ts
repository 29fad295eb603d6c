import { parseArgs } from 'node:util';
import type { Logger } from 'pino';
import { backendsOf } from './backends.js';
import { banner } from './banner.js';
import { CONTEXTS } from './contexts.js';
import { ConfigError, loadConfig } from './platform/config/config.js';
import { createLogger } from './platform/logger.js';
import { Process } from './process.js';

const USAGE = `Usage: node dist/main.js serve [--module ${[...CONTEXTS.map(({ name }) => name), 'all'].join('|')}]

  serve      takes requests, publishes events and reacts to them (the default)
  --module   which bounded context this process is (default: all)
  --help     prints this

Settings come from the environment and from the files in config/; README.md lists them.`;

class UsageError extends Error {}

async function main(args: string[]): Promise<void> {
  const { module, help } = parse(args);
  if (help) {
    console.log(USAGE);
    return;
  }
  await serve(module);
}

async function serve(module: string): Promise<void> {
  const config = loadConfig();
  const logger = createLogger(config.LOG_LEVEL);
  logWarnings(logger);
  const contexts = CONTEXTS.filter(({ name }) => module === 'all' || module === name);
  const running = new Process(config, contexts, backendsOf(config, logger), logger);

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
    // A start that is broken off by a stop is no failure; the stop ends the process.
    if (stopping.signal.aborted) return;
    throw error;
  }
  const { port, managementPort } = running.ports;
  logger.info({ module, port, managementPort }, 'serving');
  if (config.MONGODB_URI === undefined || process.stdout.isTTY) {
    console.log(banner(contexts, `http://${config.HOST}:${port}`, `http://${config.HOST}:${managementPort}`));
  }
  await running.joined();
  logger.info('ready');
}

/** Node's own warnings become lines of the log. */
function logWarnings(logger: Logger): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    // kafkajs sets timers that are past already, on purpose; from Node 24 on that is warned of.
    if (warning.name !== 'TimeoutNegativeWarning') logger.warn({ err: warning }, 'warning of the runtime');
  });
}

function parse(args: string[]): { module: string; help: boolean } {
  try {
    const options = { module: { type: 'string', default: 'all' }, help: { type: 'boolean', default: false } } as const;
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const [command = 'serve', ...others] = positionals;
    if (command !== 'serve' || others.length > 0)
      throw new UsageError(`there is no command '${positionals.join(' ')}'`);
    if (values.module !== 'all' && !CONTEXTS.some(({ name }) => name === values.module)) {
      throw new UsageError(`--module: there is no module '${values.module}'`);
    }
    return values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const { message, stack } = error as Error;
  const isExpected = error instanceof ConfigError || error instanceof UsageError || /^[A-Z_]+: /.test(message);
  console.error(isExpected ? message : stack);
  if (error instanceof UsageError) console.error(`\n${USAGE}`);
  process.exit(error instanceof UsageError ? 2 : 1);
});
