import { z } from 'zod';
import { LOG_FORMATS } from '../log-formats.js';
import { authenticationProblems, authenticationSettings } from './authentication-settings.js';
import { flag, integer, port, text } from './fields.js';
import { RawSettings } from './raw-settings.js';
import { kafkaProblems, kafkaSettings, kafkaWarnings } from './kafka-settings.js';
import { isSecret } from './mask.js';
import { misspeltWarnings } from './misspelt.js';
import { mongoDbUri } from './mongodb-uri.js';
import { privacySettings, privacyWarnings } from './privacy-settings.js';
import { schemaRegistryProblems, schemaRegistrySettings, schemaRegistryWarnings } from './schema-registry-settings.js';
import { readSources, type Sources } from './sources.js';
import { traceSettings, traceWarnings } from './trace-settings.js';

const schema = z.strictObject({
  /** Address of both listeners. */
  HOST: text.default('127.0.0.1'),
  PORT: port(8080),
  MANAGEMENT_PORT: port(8081),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Default: `pretty` on a terminal, `json` otherwise. */
  LOG_FORMAT: z.enum(LOG_FORMATS, `must be ${LOG_FORMATS.slice(0, -1).join(', ')} or ${LOG_FORMATS.at(-1)}`).optional(),
  /** Google Cloud's project of the traces, for LOG_FORMAT=gcp. */
  GOOGLE_CLOUD_PROJECT: z
    .string('must be text')
    .regex(/^[a-z][a-z\d.:-]{1,62}$/, 'must be the ID of a Google Cloud project')
    .optional(),
  /** Logs one of this many requests; 0 logs none. */
  ACCESS_LOG_SAMPLE: integer(0, 1_000_000).default(100),
  /** Folder of the embedded log and databases. */
  DATA_DIR: text.default('.data'),
  /** Allows the embedded adapters when NODE_ENV is production. */
  ALLOW_EMBEDDED: flag,
  /** For every module without a connection string of its own. */
  MONGODB_URI: mongoDbUri,
  ...kafkaSettings,
  ...schemaRegistrySettings,
  /** How long a stopping process still serves while it reports not ready, so that gateways can stop using it. */
  DRAIN_MS: integer(0, 60_000).default(0),
  /** Maximum request body: bytes, or a size with a unit (`256kb`, `1mb`). */
  HTTP_BODY_LIMIT: z.coerce
    .string()
    .regex(/^\d+\s*(b|kb|mb)?$/i, 'must be a size such as 256kb')
    .default('256kb')
    .transform(toBytes),
  /** Idle keep-alive timeout. Must exceed the load balancer's, or it may reuse a connection we have just closed. */
  HTTP_KEEP_ALIVE_MS: integer(1, 3_600_000).default(75_000),
  ...authenticationSettings,
  ...privacySettings,
  ...traceSettings,
});

function toBytes(size: string): number {
  const factor = /m/i.test(size) ? 1024 ** 2 : /k/i.test(size) ? 1024 : 1;
  return parseInt(size, 10) * factor;
}

/** Name of the setting with a module's own connection string. */
type OwnUri = `${string}_MONGODB_URI`;

/** The validated settings, named like the environment variables. */
export type Config = Readonly<z.infer<typeof schema>> & { readonly [own: OwnUri]: string | undefined };

/** Settings are missing or invalid. The message has a line for each, with its name and never its value. */
export class ConfigError extends Error {
  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
  }
}

/** The validated settings with their sources and warnings. */
export interface LoadedConfig {
  readonly config: Config;
  /** Returns the source of a setting; undefined for a default. */
  readonly originOf: (name: string) => string | undefined;
  /** A line for each setting that is allowed but risky or unused. */
  readonly warnings: readonly string[];
}

/**
 * Loads the settings of a process of these modules from `config/default.json`, `config/<NODE_ENV>.json`, the properties
 * at KAFKA_PROPERTIES and the environment. Later sources override earlier ones.
 * @throws ConfigError with a line for each invalid setting
 */
export function loadConfig(
  modules: readonly string[],
  { environment = process.env, folder = 'config' }: Partial<Sources> = {},
): LoadedConfig {
  const names = settingNames(modules);
  const { raw, problems, warnings } = readSources(names, { environment, folder });
  const misspelt = misspeltWarnings(listVariables(environment), withFileSettings(names));
  const production = environment.NODE_ENV === 'production' ? embeddedProblems(raw, modules) : [];
  const config = validate(raw, modules, [...problems, ...production], misspelt);
  return {
    config,
    originOf: (name) => raw.origin(name),
    warnings: [
      ...misspelt,
      ...warnings,
      ...kafkaWarnings(raw),
      ...mongoDbWarnings(raw, modules),
      ...privacyWarnings(raw),
      ...schemaRegistryWarnings(raw),
      ...traceWarnings(raw),
    ],
  };
}

function listVariables(environment: NodeJS.ProcessEnv): string[] {
  return Object.keys(environment).filter((name) => environment[name] !== '');
}

/** Adds X_FILE for each secret X. */
function withFileSettings(names: readonly string[]): string[] {
  return [...names, ...names.filter(isSecret).map((name) => `${name}_FILE`)];
}

/** Returns the names of the settings of a process of these modules. */
export function settingNames(modules: readonly string[]): string[] {
  return [...Object.keys(schema.shape), ...modules.map(ownUri)];
}

/** Validates settings that are given as values. @throws ConfigError */
export function parseConfig(settings: Readonly<Record<string, unknown>>, modules: readonly string[] = []): Config {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  const layer = new Map(given.map(([name, value]) => [name, { value, label: name, origin: 'given' }]));
  return validate(new RawSettings([layer]), modules, []);
}

/** True if the process uses the embedded log and databases instead of Kafka and MongoDB. */
export function isEmbedded({ KAFKA_BOOTSTRAP_SERVERS }: Config): boolean {
  return KAFKA_BOOTSTRAP_SERVERS === undefined;
}

/** Returns a module's connection string (its own or the shared one) and the name of its setting. */
export function mongoDbOf(config: Config, module: string): { readonly setting: string; readonly uri: string } {
  const own = ownUri(module);
  const setting = config[own] === undefined ? 'MONGODB_URI' : own;
  return { setting, uri: config[setting] ?? '' };
}

function ownUri(module: string): OwnUri {
  return `${module.toUpperCase()}_MONGODB_URI`;
}

/** @param hints lines that are reported with problems, but are no problem themselves */
function validate(
  raw: RawSettings,
  modules: readonly string[],
  problems: readonly string[],
  hints: readonly string[] = [],
): Config {
  const own = Object.fromEntries(modules.map((module) => [ownUri(module), mongoDbUri]));
  const { success, data, error } = schema.extend(own).safeParse(raw.values());
  const wrong = success ? [] : describe(error.issues, raw);
  const isNew = (line: string) => !wrong.some((other) => other.startsWith(line.slice(0, line.indexOf(':') + 1)));
  const together = [
    ...authenticationProblems(raw).filter(isNew),
    ...kafkaProblems(raw),
    ...schemaRegistryProblems(raw),
    ...backendProblems(raw, modules),
  ];
  const lines = [...problems, ...wrong, ...together];
  if (!success || lines.length > 0) throw new ConfigError([...lines, ...hints]);
  return data as unknown as Config;
}

/** Returns one line per setting, with its first issue. */
function describe(issues: readonly z.core.$ZodIssue[], raw: RawSettings): string[] {
  const lines = new Map<string, string>();
  for (const issue of issues) {
    const isUnknown = issue.code === 'unrecognized_keys';
    for (const name of isUnknown ? issue.keys : [issue.path.join('.')]) {
      if (!lines.has(name)) lines.set(name, isUnknown ? 'unknown setting' : issue.message);
    }
  }
  return [...lines].map(([name, message]) => `${raw.label(name)}: ${message}`);
}

/** Kafka and MongoDB must be configured together or not at all. */
function backendProblems(raw: RawSettings, modules: readonly string[]): string[] {
  const kafka = 'KAFKA_BOOTSTRAP_SERVERS';
  const both = 'set both, or neither for the embedded adapters';
  const uris = urisIn(raw, modules);
  if (!raw.has(kafka)) {
    const meant = ['KAFKA_PROPERTIES', 'KAFKA_SECURITY_PROTOCOL', ...uris].find((name) => raw.has(name));
    return meant === undefined ? [] : [`${kafka}: is not set, but ${raw.label(meant)} is; ${both}`];
  }
  if (uris.length === 0) return [`MONGODB_URI: is not set, but ${raw.label(kafka)} is; ${both}`];
  const without = raw.has('MONGODB_URI') ? [] : modules.map(ownUri).filter((name) => !raw.has(name));
  return without.map((name) => `${name}: is not set, nor is MONGODB_URI, but ${raw.label(kafka)} is`);
}

/** Refuses embedded storage in production by default: acknowledged changes would be kept in a container's folder. */
function embeddedProblems(raw: RawSettings, modules: readonly string[]): string[] {
  const kafka = 'KAFKA_BOOTSTRAP_SERVERS';
  const isAllowed = flag.safeParse(raw.value('ALLOW_EMBEDDED')).data === true;
  if (isAllowed || raw.has(kafka) || backendProblems(raw, modules).length > 0) return [];
  return [
    `${kafka}, MONGODB_URI: are not set, but NODE_ENV is production; set both, or ALLOW_EMBEDDED=true to keep everything in DATA_DIR`,
  ];
}

function urisIn(raw: RawSettings, modules: readonly string[]): string[] {
  return ['MONGODB_URI', ...modules.map(ownUri)].filter((name) => raw.has(name));
}

/** Returns warnings for settings that are allowed but insecure. */
function mongoDbWarnings(raw: RawSettings, modules: readonly string[]): string[] {
  const unsafe = urisIn(raw, modules).filter((name) =>
    /[?&]tls(?:Insecure|AllowInvalid\w+)=true/i.test(String(raw.value(name))),
  );
  return unsafe.map(
    (name) => `${raw.label(name)}: disables TLS certificate verification; the connection can be intercepted`,
  );
}
