import type { Logger } from 'pino';
import type { VerifyToken } from '../operating/auth/caller.js';
import type { Config } from '../operating/config/config.js';
import type { Dependency } from '../tools/dependency.js';

/** Verifies the tokens of callers. */
export interface Authentication {
  readonly verify: VerifyToken;
  /** Services that verification needs, such as the issuer. */
  readonly dependencies: readonly Dependency[];
}

/**
 * Creates the configured authentication; resolves with undefined if AUTH_MODE is none.
 * @throws Error that names JWT_PUBLIC_KEY_FILE if it contains no valid key
 */
export async function authenticationOf(config: Config, logger: Logger): Promise<Authentication | undefined> {
  const { JWT_JWKS_URL: url, JWT_PUBLIC_KEY_FILE: file, JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = config;
  if (config.AUTH_MODE === 'none') return undefined;
  // The configuration was validated before. Checked again because a claim without an expected value is not verified.
  if (issuer === undefined || audience === undefined) throw new Error('JWT_ISSUER, JWT_AUDIENCE: are not set');
  // Imported on use: these modules cost 10 MB of memory.
  const { tokenVerifier } = await import('../operating/auth/verify-token.js');
  const { readKeyFile } = await import('../operating/auth/key-file.js');
  const { RemoteKeys } = await import('../operating/auth/remote-keys.js');
  const customerClaim = config.AUTH_OWNERSHIP === 'claim' ? config.JWT_CUSTOMER_CLAIM : undefined;
  const expected = { issuer, audience, requireType: config.JWT_REQUIRE_TYPE, customerClaim };
  if (file !== undefined) return { verify: tokenVerifier(readKeyFile(file), expected), dependencies: [] };
  const keys = new RemoteKeys(url as string, logger);
  return { verify: tokenVerifier(keys, expected), dependencies: [keys] };
}
