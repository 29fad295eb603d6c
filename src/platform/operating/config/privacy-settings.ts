import { statSync } from 'node:fs';
import { z } from 'zod';
import { safeUrl, secret, text } from './fields.js';
import type { RawSettings } from './raw-settings.js';

/** The settings of the encryption of personal data. */
export const privacySettings = {
  /** `sealed`: the personal data in new events is encrypted with a key of its person. */
  PERSONAL_DATA: z.enum(['sealed', 'clear'], 'must be sealed or clear').default('sealed'),
  /** A text file with a line for each master key, the newest last. */
  MASTER_KEYS_FILE: text.optional(),
  /** For master keys that HashiCorp Vault has encrypted; named as its own tools name them. */
  VAULT_ADDR: safeUrl.optional(),
  /** Name of the key in Vault's transit engine. */
  VAULT_TRANSIT_KEY: text.optional(),
  VAULT_TOKEN: secret.optional(),
  VAULT_NAMESPACE: text.optional(),
};

/** Returns warnings for settings that are allowed but insecure. */
export function privacyWarnings(raw: RawSettings): string[] {
  const warnings: string[] = [];
  if (raw.value('PERSONAL_DATA') === 'clear') {
    warnings.push(`${raw.label('PERSONAL_DATA')}: is clear, so new events contain personal data in clear text`);
  }
  const file = raw.value('MASTER_KEYS_FILE');
  if (typeof file === 'string' && isReadableByAll(file.trim())) {
    warnings.push(`${raw.label('MASTER_KEYS_FILE')}: every user of this machine can read the file`);
  }
  return warnings;
}

function isReadableByAll(file: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  // Windows has no such permission.
  return process.platform !== 'win32' && stats !== undefined && (stats.mode & 0o004) !== 0;
}
