import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const port = (fallback: number) =>
  z.coerce
    .number('must be a port')
    .int('must be a port')
    .min(0, 'must be a port')
    .max(65_535, 'must be a port')
    .default(fallback);
const text = z.string('must be text').trim().min(1, 'must not be empty');

const schema = z.strictObject({
  /** Address of both listeners. */
  HOST: text.default('127.0.0.1'),
  PORT: port(8080),
  MANAGEMENT_PORT: port(8081),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** The first of every so many answered requests is logged; 0 for none. */
  ACCESS_LOG_SAMPLE: z.coerce.number('must be a number').int('must be whole').min(0).max(1_000_000).default(100),
  /** Folder of the embedded adapters. */
  DATA_DIR: text.default('.data'),
  MONGODB_URI: text.regex(/^mongodb(\+srv)?:\/\/./, 'must begin with mongodb:// or mongodb+srv://').optional(),
  KAFKA_BOOTSTRAP_SERVERS: text
    .regex(/^[^\s,:/]+:\d{1,5}(\s*,\s*[^\s,:/]+:\d{1,5})*$/, 'must be HOST:PORT, or several with commas between')
    .optional(),
  /** Partitions of a topic that is created at start. */
  KAFKA_TOPIC_PARTITIONS: z.coerce.number('must be a number').int('must be whole').min(1).max(1_000).default(6),
  /** Milliseconds after which a dead instance's partitions go to the others. */
  KAFKA_SESSION_TIMEOUT_MS: z.coerce
    .number('must be a number')
    .int('must be whole')
    .min(6_000)
    .max(300_000)
    .default(10_000),
  /** Milliseconds that a process which is told to stop serves on, not ready, so that gateways can turn away from it. */
  DRAIN_MS: z.coerce.number('must be a number').int('must be whole').min(0).max(60_000).default(0),
  /** Largest request body, in bytes; given as such, or with a unit (`256kb`, `1mb`). */
  HTTP_BODY_LIMIT: z.coerce
    .string()
    .regex(/^\d+\s*(b|kb|mb)?$/i, 'must be a size such as 256kb')
    .default('256kb')
    .transform(toBytes),
});

function toBytes(size: string): number {
  const factor = /m/i.test(size) ? 1024 ** 2 : /k/i.test(size) ? 1024 : 1;
  return parseInt(size, 10) * factor;
}

/** The settings, checked. Names are those of the environment variables. */
export type Config = Readonly<z.infer<typeof schema>>;
type Settings = Readonly<Record<string, unknown>>;

/** A setting is missing or wrong. The message is one line that names it, and never its value. */
export class ConfigError extends Error {}

/**
 * Settings from `config/default.json`, then `config/<NODE_ENV>.json`, then the environment, the later over the earlier.
 * @throws ConfigError for the first setting that is not right.
 */
export function loadConfig(environment: NodeJS.ProcessEnv = process.env, folder = 'config'): Config {
  const names = Object.keys(schema.shape);
  const fromEnvironment = Object.entries(environment).filter(([name, value]) => names.includes(name) && value !== '');
  const files = ['default', environment.NODE_ENV].filter((name) => name !== undefined && name !== '');
  const settings = Object.assign({}, ...files.map((name) => readSettings(folder, `${name}.json`))) as Settings;
  return parseConfig({ ...settings, ...Object.fromEntries(fromEnvironment) });
}

/** @throws ConfigError */
export function parseConfig(settings: Settings): Config {
  const { success, data, error } = schema.safeParse(settings);
  if (!success) throw new ConfigError(describe(error.issues[0] as z.core.$ZodIssue));
  if ((data.MONGODB_URI === undefined) !== (data.KAFKA_BOOTSTRAP_SERVERS === undefined)) {
    const [is, isNot] =
      data.MONGODB_URI === undefined
        ? ['KAFKA_BOOTSTRAP_SERVERS', 'MONGODB_URI']
        : ['MONGODB_URI', 'KAFKA_BOOTSTRAP_SERVERS'];
    throw new ConfigError(`${isNot}: is not set, but ${is} is; set both, or neither for the embedded adapters`);
  }
  return data;
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `${issue.keys.join(', ')}: there is no such setting`;
  return `${issue.path.join('.')}: ${issue.message}`;
}

function readSettings(folder: string, name: string): Settings {
  const file = path.join(folder, name);
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch {
    return {};
  }
  try {
    return JSON.parse(content) as Settings;
  } catch {
    throw new ConfigError(`${file}: is not JSON`);
  }
}
