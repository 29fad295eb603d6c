import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Layer, type RawSetting, RawSettings } from './raw-settings.js';
import { readKafkaLayer } from './kafka-properties.js';
import { isSecret } from './mask.js';
import { readValue } from './properties.js';

/** The places that settings are read from. */
export interface Sources {
  readonly environment: NodeJS.ProcessEnv;
  /** Folder of `default.json` and `<NODE_ENV>.json`. */
  readonly folder: string;
}

/** The settings of all sources, with problems and warnings about the sources themselves. */
export interface SourceContents {
  readonly raw: RawSettings;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Reads settings from `default.json`, `<NODE_ENV>.json`, the properties at KAFKA_PROPERTIES and the environment. Later
 * sources override earlier ones. For a secret X, X_FILE may name a file that holds it.
 */
export function readSources(names: readonly string[], { environment, folder }: Sources): SourceContents {
  const problems: string[] = [];
  const files = ['default', environment.NODE_ENV].filter((name) => name !== undefined && name !== '');
  const fromFiles = files.map((name) => {
    const file = path.join(folder, `${name}.json`);
    const entries = Object.entries(readJsonFile(file, problems));
    const unknown = entries.filter(([name]) => !isKnown(name, names)).map(([name]) => name);
    problems.push(...unknown.filter((name) => !MODULE_SETTING.test(name)).map((name) => `${name}: unknown setting`));
    return toLayer(entries, names, file, problems);
  });
  const variables = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '');
  const fromEnvironment = toLayer(variables, names, 'environment', problems);
  const location = new RawSettings([...fromFiles, fromEnvironment]).value('KAFKA_PROPERTIES');
  const kafka = typeof location === 'string' ? readKafkaLayer(location.trim()) : undefined;
  return {
    raw: new RawSettings([...fromFiles, ...(kafka ? [kafka.layer] : []), fromEnvironment]),
    problems: [...problems, ...(kafka?.problems ?? [])],
    warnings: kafka?.warnings ?? [],
  };
}

/** Connection strings of modules that are not in this process are ignored. */
const MODULE_SETTING = /^[A-Z]+_MONGODB_URI(?:_FILE)?$/;
const FILE_SUFFIX = /_FILE$/;

function isKnown(name: string, names: readonly string[]): boolean {
  return names.includes(name) || namesSecret(name, names);
}

/** True for X_FILE, where X is a secret. */
function namesSecret(name: string, names: readonly string[]): boolean {
  const secret = name.replace(FILE_SUFFIX, '');
  return secret !== name && isSecret(secret) && names.includes(secret);
}

function toLayer(
  entries: readonly (readonly [string, unknown])[],
  names: readonly string[],
  origin: string,
  problems: string[],
): Layer {
  const layer = new Map<string, RawSetting>();
  for (const [name, value] of entries) {
    if (names.includes(name)) layer.set(name, { value, label: name, origin });
  }
  for (const [name, file] of entries) {
    if (!namesSecret(name, names)) continue;
    const secret = name.replace(FILE_SUFFIX, '');
    if (layer.has(secret)) problems.push(`${name}: is set, and so is ${secret}; set one of them`);
    const value = readSecret(name, String(file), problems);
    layer.set(secret, { value, label: name, origin: `${name} (${String(file)})` });
  }
  return layer;
}

function readSecret(name: string, file: string, problems: string[]): string | undefined {
  try {
    return readValue(file);
  } catch (error) {
    problems.push(`${name}: names a file that cannot be read (${codeOf(error)})`);
    return undefined;
  }
}

function readJsonFile(file: string, problems: string[]): object {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch {
    return {};
  }
  try {
    const settings: unknown = JSON.parse(content);
    if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) return settings;
  } catch {
    // The parser's message would quote the content.
  }
  problems.push(`${file}: is not a JSON object`);
  return {};
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code);
}
