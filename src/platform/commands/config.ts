import type { Context } from '../context/define-context.js';
import { backendsOf } from '../process/backends.js';
import { type Config, ConfigError, isEmbedded, loadConfig, settingNames } from '../operating/config/config.js';
import { maskValue } from '../operating/config/mask.js';
import { createLogger } from '../operating/logger.js';
import { inColumns } from './columns.js';
import { type Command, contextOf, refuseWords, namesOf } from './command.js';

export const config = (contexts: readonly Context[]): Command => ({
  usage: `config [--module ${namesOf(contexts)}|all]
  Prints the settings of a process, and where each comes from; secrets are masked.

  --module   which bounded context the process is (default: all)

Connects to nothing. Exits 1, with a line for each setting that is not right, if there is any.`,
  options: { module: { type: 'string', default: 'all' } },
  run: async (flags, words) => {
    refuseWords(words);
    const modules = (flags.module === 'all' ? contexts : [contextOf(contexts, flags)]).map(({ name }) => name);
    const { config, originOf, warnings } = loadConfig(modules);
    await checkConnectionStrings(config, modules);
    const rows = settingNames(modules).map((name) => {
      const value = config[name as keyof Config];
      return [name, value === undefined ? '(not set)' : maskValue(name, value), originOf(name) ?? 'default'];
    });
    console.log(inColumns([['SETTING', 'VALUE', 'FROM'], ...rows]).join('\n'));
    for (const warning of warnings) console.error(`warning: ${warning}`);
    return 0;
  },
});

/** Only the driver knows what it takes. @throws ConfigError */
async function checkConnectionStrings(config: Config, modules: readonly string[]): Promise<void> {
  if (isEmbedded(config)) return;
  const backends = backendsOf(config, createLogger('silent', 'stderr'));
  const outcomes = await Promise.allSettled(
    modules.map(async (module) => (await backends.openDatabase(module)).close()),
  );
  const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []));
  if (refusals.length > 0) throw new ConfigError([...new Set(refusals.map(({ message }) => message))]);
}
