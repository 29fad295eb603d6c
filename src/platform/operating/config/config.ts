import { z } from 'zod';
import { authenticationProblems, authenticationSettings } from './authentication-settings.js';
import { flag, port, text, whole } from './fields.js';
import { Found } from './found.js';
import { kafkaProblems, kafkaSettings, kafkaWarnings } from './kafka-settings.js';
import { isSecret } from './mask.js';
import { misspeltWarnings } from './misspelt.js';
import { mongoDbUri } from './mongodb-uri.js';
import { findSettings, type Sources } from './sources.js';

const schema = z.strictObject({
  /** Address of both listeners. */
  HOST: text.default('127.0.0.1'),
  PORT: port(8080),
  MANAGEMENT_PORT: port(8081),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** The first of every so many answered requests is logged; 0 for none. */
  ACCESS_LOG_SAMPLE: whole(0, 1_000_000).default(100),
  /** Folder of the embedded adapters. */
  DATA_DIR: text.default('.data'),
  /** Allows the embedded adapters where NODE_ENV is production. */
  ALLOW_EMBEDDED: flag,
  /** Of every module that has none of its own. */
  MONGODB_URI: mongoDbUri,
  ...kafkaSettings,
  /** Milliseconds that a process which is told to stop serves on, not ready, so that gateways can turn away from it. */
  DRAIN_MS: whole(0, 60_000).default(0),
  /** Largest request body, in bytes; given as such, or with a unit (`256kb`, `1mb`). */
  HTTP_BODY_LIMIT: z.coerce
    .string()
    .regex(/^\d+\s*(b|kb|mb)?$/i, 'must be a size such as 256kb')
    .default('256kb')
    .transform(toBytes),
  /** Milliseconds for which a connection stays open without a request; more than whoever is in front keeps it. */
  HTTP_KEEP_ALIVE_MS: whole(1, 3_600_000).default(75_000),
  ...authenticationSettings,
});

function toBytes(size: string): number {
  const factor = /m/i.test(size) ? 1024 ** 2 : /k/i.test(size) ? 1024 : 1;
  return parseInt(size, 10) * factor;
}

/** The setting of a module's own connection string. */
type OwnUri = `${string}_MONGODB_URI`;

/** The settings, checked. Names are those of the environment variables. */
export type Config = Readonly<z.infer<typeof schema>> & { readonly [own: OwnUri]: string | undefined };

/** Settings are missing or wrong. The message has a line for each, which names it, and never its value. */
export class ConfigError extends Error {
  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
  }
}

/** The settings, and what to tell of them. */
export interface Loaded {
  readonly config: Config;
  /** Where a setting that is no default was found. */
  readonly originOf: (name: string) => string | undefined;
  /** A line for each thing that is allowed, and should be known. */
  readonly warnings: readonly string[];
}

/**
 * The settings of a process of these modules, from `config/default.json`, `config/<NODE_ENV>.json`, the properties that
 * KAFKA_PROPERTIES leads to and the environment, the later over the earlier.
 * @throws ConfigError with a line for each setting that is not right
 */
export function loadConfig(
  modules: readonly string[],
  { environment = process.env, folder = 'config' }: Partial<Sources> = {},
): Loaded {
  const names = settingNames(modules);
  const { found, problems, warnings } = findSettings(names, { environment, folder });
  const misspelt = misspeltWarnings(setIn(environment), withFiles(names));
  const production = environment.NODE_ENV === 'production' ? embeddedProblems(found, modules) : [];
  const config = check(found, modules, [...problems, ...production], misspelt);
  return {
    config,
    originOf: (name) => found.origin(name),
    warnings: [...misspelt, ...warnings, ...kafkaWarnings(found), ...mongoDbWarnings(found, modules)],
  };
}

function setIn(environment: NodeJS.ProcessEnv): string[] {
  return Object.keys(environment).filter((name) => environment[name] !== '');
}

/** For a secret X, X_FILE means something, too. */
function withFiles(names: readonly string[]): string[] {
  return [...names, ...names.filter(isSecret).map((name) => `${name}_FILE`)];
}

/** Names of the settings that a process of these modules has. */
export function settingNames(modules: readonly string[]): string[] {
  return [...Object.keys(schema.shape), ...modules.map(ownUri)];
}

/** Settings that are given as values. @throws ConfigError */
export function parseConfig(settings: Readonly<Record<string, unknown>>, modules: readonly string[] = []): Config {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  const layer = new Map(given.map(([name, value]) => [name, { value, label: name, origin: 'given' }]));
  return check(new Found([layer]), modules, []);
}

/** Whether the process has neither Kafka nor MongoDB, and keeps everything in its own folder. */
export function isEmbedded({ KAFKA_BOOTSTRAP_SERVERS }: Config): boolean {
  return KAFKA_BOOTSTRAP_SERVERS === undefined;
}

/** A module's connection string, its own or that of all, and the setting that has it. */
export function mongoDbOf(config: Config, module: string): { readonly setting: string; readonly uri: string } {
  const own = ownUri(module);
  const setting = config[own] === undefined ? 'MONGODB_URI' : own;
  return { setting, uri: config[setting] ?? '' };
}

function ownUri(module: string): OwnUri {
  return `${module.toUpperCase()}_MONGODB_URI`;
}

/** @param hints what is told beside problems, and is none */
function check(
  found: Found,
  modules: readonly string[],
  problems: readonly string[],
  hints: readonly string[] = [],
): Config {
  const own = Object.fromEntries(modules.map((module) => [ownUri(module), mongoDbUri]));
  const { success, data, error } = schema.extend(own).safeParse(found.values());
  const wrong = success ? [] : describe(error.issues, found);
  const isNew = (line: string) => !wrong.some((other) => other.startsWith(line.slice(0, line.indexOf(':') + 1)));
  const together = [
    ...authenticationProblems(found).filter(isNew),
    ...kafkaProblems(found),
    ...backendProblems(found, modules),
  ];
  const lines = [...problems, ...wrong, ...together];
  if (!success || lines.length > 0) throw new ConfigError([...lines, ...hints]);
  return data as unknown as Config;
}

/** A line for each setting, however many things are wrong with it. */
function describe(issues: readonly z.core.$ZodIssue[], found: Found): string[] {
  const lines = new Map<string, string>();
  for (const issue of issues) {
    const isUnknown = issue.code === 'unrecognized_keys';
    for (const name of isUnknown ? issue.keys : [issue.path.join('.')]) {
      if (!lines.has(name)) lines.set(name, isUnknown ? 'there is no such setting' : issue.message);
    }
  }
  return [...lines].map(([name, message]) => `${found.label(name)}: ${message}`);
}

/** Kafka and MongoDB come together, or not at all. */
function backendProblems(found: Found, modules: readonly string[]): string[] {
  const kafka = 'KAFKA_BOOTSTRAP_SERVERS';
  const both = 'set both, or neither for the embedded adapters';
  const uris = urisIn(found, modules);
  if (!found.has(kafka)) {
    const meant = ['KAFKA_PROPERTIES', 'KAFKA_SECURITY_PROTOCOL', ...uris].find((name) => found.has(name));
    return meant === undefined ? [] : [`${kafka}: is not set, but ${found.label(meant)} is; ${both}`];
  }
  if (uris.length === 0) return [`MONGODB_URI: is not set, but ${found.label(kafka)} is; ${both}`];
  const without = found.has('MONGODB_URI') ? [] : modules.map(ownUri).filter((name) => !found.has(name));
  return without.map((name) => `${name}: is not set, nor is MONGODB_URI, but ${found.label(kafka)} is`);
}

/** A production that nobody meant to be on one machine alone would keep what it acknowledges in a container's folder. */
function embeddedProblems(found: Found, modules: readonly string[]): string[] {
  const kafka = 'KAFKA_BOOTSTRAP_SERVERS';
  const isAllowed = flag.safeParse(found.value('ALLOW_EMBEDDED')).data === true;
  if (isAllowed || found.has(kafka) || backendProblems(found, modules).length > 0) return [];
  return [
    `${kafka}, MONGODB_URI: are not set, but NODE_ENV is production; set both, or ALLOW_EMBEDDED=true to keep everything in DATA_DIR`,
  ];
}

function urisIn(found: Found, modules: readonly string[]): string[] {
  return ['MONGODB_URI', ...modules.map(ownUri)].filter((name) => found.has(name));
}

/** What is allowed, and less safe than it could be. */
function mongoDbWarnings(found: Found, modules: readonly string[]): string[] {
  const unsafe = urisIn(found, modules).filter((name) =>
    /[?&]tls(?:Insecure|AllowInvalid\w+)=true/i.test(String(found.value(name))),
  );
  return unsafe.map(
    (name) => `${found.label(name)}: has certificates unchecked, so that others may pass for the server`,
  );
}
