import type { Context } from '../context/define-context.js';
import { backendsOf } from '../process/backends.js';
import { type Config, ConfigError, isEmbedded, loadConfig, settingNames } from '../operating/config/config.js';
import { maskValue } from '../operating/config/mask.js';
import { checkMasterKeys } from '../process/open-key-wrapper.js';
import { createLogger } from '../operating/logger.js';
import { alignColumns } from './columns.js';
import { type Command, findContext, listModules, refusePositionals } from './command.js';

export const config = (contexts: readonly Context[]): Command => ({
  usage: `config [--module ${listModules(contexts)}|all]
  Prints the settings of a process and the source of each; masks secrets.

  --module   bounded context of the process (default: all)

Connects to no server. Exits 1 if settings are invalid, and prints one line for each of these.`,
  options: { module: { type: 'string', default: 'all' } },
  run: async (flags, positionals) => {
    refusePositionals(positionals);
    const modules = (flags.module === 'all' ? contexts : [findContext(contexts, flags)]).map(({ name }) => name);
    const { config, originOf, warnings } = loadConfig(modules);
    await checkConnectionStrings(config, modules);
    await checkMasterKeys(config);
    const rows = settingNames(modules).map((name) => {
      const value = config[name as keyof Config];
      return [name, value === undefined ? '(not set)' : maskValue(name, value), originOf(name) ?? 'default'];
    });
    console.log(alignColumns([['SETTING', 'VALUE', 'SOURCE'], ...rows]).join('\n'));
    for (const warning of warnings) console.error(`warning: ${warning}`);
    return 0;
  },
});

/** Has the driver parse the connection strings: nothing else knows all its rules. @throws ConfigError */
async function checkConnectionStrings(config: Config, modules: readonly string[]): Promise<void> {
  if (isEmbedded(config)) return;
  const backends = backendsOf(config, createLogger({ LOG_LEVEL: 'silent' }, 'stderr'));
  const results = await Promise.allSettled(
    modules.map(async (module) => (await backends.openDatabase(module)).close()),
  );
  const refusals = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
  if (refusals.length > 0) throw new ConfigError([...new Set(refusals.map(({ message }) => message))]);
}
