import type { Context } from '../context/define-context.js';
import { ConfigError, loadConfig } from '../operating/config/config.js';
import { RegistryClient } from '../schema-registry/registry-client.js';
import { type Examined, examineSchemas, publishSchemas } from '../schema-registry/publish-schemas.js';
import { type Subject, subjectsOf } from '../schema-registry/subjects.js';
import { type Command, findContext, listModules, MODULE_OPTION, refusePositionals, UsageError } from './command.js';
import { formatCount } from './progress.js';

export const schemas = (contexts: readonly Context[]): Command => ({
  usage: `schemas check|publish --module ${listModules(contexts)}
  Compares the schemas of the module's events with a schema registry, or registers them there.

  check      changes nothing; prints a line for each schema that the registry lacks or has in another form, and exits 1
             if there are any
  publish    registers these, unless the registry says that one is incompatible with its latest version
  --module   bounded context: the types of events that it publishes, in each version

Needs SCHEMA_REGISTRY_URL. Connects neither to Kafka nor to a database.`,
  options: MODULE_OPTION,
  run: async (flags, [action, ...more]) => {
    if (action === undefined) throw new UsageError('schemas needs one of: check, publish');
    if (action !== 'check' && action !== 'publish') throw new UsageError(`schemas: unknown action '${action}'`);
    refusePositionals(more);
    const context = findContext(contexts, flags);
    const { config } = loadConfig([context.name]);
    const { SCHEMA_REGISTRY_URL: url, SCHEMA_REGISTRY_USERNAME: username, SCHEMA_REGISTRY_PASSWORD: password } = config;
    if (url === undefined) throw new ConfigError(['SCHEMA_REGISTRY_URL: is not set']);
    const registry = new RegistryClient({ url, username, password });
    const subjects = context.events.publishes.flatMap(subjectsOf);
    return action === 'check' ? check(registry, subjects) : publish(registry, subjects);
  },
});

async function check(registry: RegistryClient, subjects: readonly Subject[]): Promise<number> {
  const lines = (await examineSchemas(registry, subjects)).flatMap(describe);
  for (const line of lines) console.log(line);
  if (lines.length === 0) console.log(`All ${formatCount(subjects.length, 'schema')} are registered.`);
  return lines.length > 0 ? 1 : 0;
}

async function publish(registry: RegistryClient, subjects: readonly Subject[]): Promise<number> {
  const { published, refused } = await publishSchemas(registry, subjects);
  for (const { subject, version } of published) console.log(`${subject}: published as version ${version}`);
  for (const line of refused.flatMap(describe)) console.log(line);
  if (refused.length === 0 && published.length === 0) {
    console.log(`All ${formatCount(subjects.length, 'schema')} were registered before.`);
  } else if (refused.length === 0) {
    console.log(`${formatCount(published.length, 'schema')} published.`);
  }
  return refused.length > 0 ? 1 : 0;
}

/** Returns one line if the registry does not have the schema. */
function describe({ subject: { subject }, found, incompatibilities }: Examined): string[] {
  if (typeof found !== 'string') return [];
  if (incompatibilities.length > 0) return [`${subject}: incompatible: ${incompatibilities.join('; ')}`];
  return [`${subject}: ${DESCRIPTIONS[found]}`];
}

const DESCRIPTIONS = {
  missing: 'missing',
  different: 'different from every registered version, but compatible with the latest',
  unresolved: 'refers to a schema that is not registered',
} as const;
