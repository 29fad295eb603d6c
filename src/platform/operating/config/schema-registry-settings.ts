import { z } from 'zod';
import { secret } from './fields.js';
import type { RawSettings } from './raw-settings.js';

const URL_SETTING = 'SCHEMA_REGISTRY_URL';
const LOGIN = ['SCHEMA_REGISTRY_USERNAME', 'SCHEMA_REGISTRY_PASSWORD'];

/** The settings of a schema registry (Confluent's REST API), which is optional. */
export const schemaRegistrySettings = {
  SCHEMA_REGISTRY_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    // Credentials in the URL would be logged, and fetch refuses them.
    .refine((url) => !/\/\/[^/]*@/.test(url), 'must not contain credentials')
    .optional(),
  SCHEMA_REGISTRY_USERNAME: secret.optional(),
  SCHEMA_REGISTRY_PASSWORD: secret.optional(),
};

/** Returns a line for each setting that is valid alone but not together with the others. */
export function schemaRegistryProblems(raw: RawSettings): string[] {
  const set = LOGIN.filter((name) => raw.has(name));
  if (!raw.has(URL_SETTING)) return set.map((name) => `${raw.label(name)}: is set, but ${URL_SETTING} is not`);
  const [only] = set;
  if (set.length !== 1 || only === undefined) return [];
  return LOGIN.filter((name) => name !== only).map((name) => `${name}: is not set, but ${raw.label(only)} is`);
}

/** Returns warnings for settings that are allowed but insecure. */
export function schemaRegistryWarnings(raw: RawSettings): string[] {
  const url = raw.value(URL_SETTING);
  const isPlain = typeof url === 'string' && /^http:/i.test(url);
  if (!isPlain || !LOGIN.some((name) => raw.has(name))) return [];
  return [`${raw.label(URL_SETTING)}: is not an https URL; the credentials are sent unencrypted`];
}
