import type { Logger } from 'pino';
import type { VerifyToken } from '../operating/auth/caller.js';
import type { Config } from '../operating/config/config.js';
import type { Dependency } from '../tools/dependency.js';

/** How callers prove who they are. */
export interface Authentication {
  readonly verify: VerifyToken;
  /** What it needs that may be away. */
  readonly dependencies: readonly Dependency[];
}

/**
 * What is configured; undefined where everybody may call.
 * @throws Error that names JWT_PUBLIC_KEY_FILE when there is no key in it
 */
export async function authenticationOf(config: Config, logger: Logger): Promise<Authentication | undefined> {
  const { JWT_JWKS_URL: url, JWT_PUBLIC_KEY_FILE: file, JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = config;
  if (config.AUTH_MODE === 'none') return undefined;
  // The configuration has been checked; but what is not compared with anything would let everybody in.
  if (issuer === undefined || audience === undefined) throw new Error('JWT_ISSUER, JWT_AUDIENCE: are not set');
  // A process that lets everybody in need not load what verifies tokens: 10 MB.
  const { tokenVerifier } = await import('../operating/auth/verify-token.js');
  const { keysInFile } = await import('../operating/auth/key-file.js');
  const { RemoteKeys } = await import('../operating/auth/remote-keys.js');
  if (file !== undefined) return { verify: tokenVerifier(keysInFile(file), { issuer, audience }), dependencies: [] };
  const keys = new RemoteKeys(url as string, logger);
  return { verify: tokenVerifier(keys, { issuer, audience }), dependencies: [keys] };
}
