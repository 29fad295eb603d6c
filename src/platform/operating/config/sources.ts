import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Found, type Given, type Layer } from './found.js';
import { kafkaLayer } from './kafka-properties.js';
import { isSecret } from './mask.js';
import { readValue } from './properties.js';

/** Where settings are looked for. */
export interface Sources {
  readonly environment: NodeJS.ProcessEnv;
  /** Folder of `default.json` and `<NODE_ENV>.json`. */
  readonly folder: string;
}

/** What was found, and a line for each thing that is wrong with the sources or should be known of them. */
export interface Findings {
  readonly found: Found;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Looks for settings in `default.json`, `<NODE_ENV>.json`, the properties that KAFKA_PROPERTIES leads to and the
 * environment, the later over the earlier. For a secret X, X_FILE may name a file that holds it.
 */
export function findSettings(names: readonly string[], { environment, folder }: Sources): Findings {
  const problems: string[] = [];
  const files = ['default', environment.NODE_ENV].filter((name) => name !== undefined && name !== '');
  const fromFiles = files.map((name) => {
    const file = path.join(folder, `${name}.json`);
    const given = Object.entries(readSettings(file, problems));
    const foreign = given.filter(([name]) => !isKnown(name, names)).map(([name]) => name);
    problems.push(
      ...foreign.filter((name) => !OF_A_MODULE.test(name)).map((name) => `${name}: there is no such setting`),
    );
    return toLayer(given, names, file, problems);
  });
  const set = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '');
  const fromEnvironment = toLayer(set, names, 'environment', problems);
  const place = new Found([...fromFiles, fromEnvironment]).value('KAFKA_PROPERTIES');
  const kafka = typeof place === 'string' ? kafkaLayer(place.trim()) : undefined;
  return {
    found: new Found([...fromFiles, ...(kafka ? [kafka.layer] : []), fromEnvironment]),
    problems: [...problems, ...(kafka?.problems ?? [])],
    warnings: kafka?.warnings ?? [],
  };
}

/** The own settings of modules that are not in this process are of no concern here. */
const OF_A_MODULE = /^[A-Z]+_MONGODB_URI(?:_FILE)?$/;
const FILE = /_FILE$/;

function isKnown(name: string, names: readonly string[]): boolean {
  return names.includes(name) || namesSecret(name, names);
}

/** True for X_FILE, where X is a secret. */
function namesSecret(name: string, names: readonly string[]): boolean {
  const secret = name.replace(FILE, '');
  return secret !== name && isSecret(secret) && names.includes(secret);
}

function toLayer(
  given: readonly (readonly [string, unknown])[],
  names: readonly string[],
  origin: string,
  problems: string[],
): Layer {
  const layer = new Map<string, Given>();
  for (const [name, value] of given) {
    if (names.includes(name)) layer.set(name, { value, label: name, origin });
  }
  for (const [name, file] of given) {
    if (!namesSecret(name, names)) continue;
    const secret = name.replace(FILE, '');
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

function readSettings(file: string, problems: string[]): object {
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
    // Without the parser's own words, which quote the content.
  }
  problems.push(`${file}: is not a JSON object`);
  return {};
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code);
}
