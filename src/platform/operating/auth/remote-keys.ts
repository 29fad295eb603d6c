import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose';
import type { Logger } from 'pino';
import { unavailable } from '../../tools/errors.js';
import type { Dependency, DependencyHealth } from '../../tools/dependency.js';
import type { TokenKeys } from './verify-token.js';

/** All times are in milliseconds. */
export interface RemoteKeysTimes {
  /** Timeout of one request to the issuer. */
  readonly timeout: number;
  /** Age at which keys are fetched again. */
  readonly fresh: number;
  /** Minimum between two fetches for unknown keys: anyone can send a token with a made-up key id. */
  readonly cooldown: number;
  /** Minimum between two fetches after a failure. */
  readonly pause: number;
  /** Age up to which keys are used while fetching fails. An issuer's tokens rarely live longer. */
  readonly kept: number;
}

const TIMES: RemoteKeysTimes = { timeout: 2_000, fresh: 600_000, cooldown: 30_000, pause: 1_000, kept: 3_600_000 };

/** The issuer's published keys (JWKS): fetched on first use, and again when old or when a token names a new key. */
export class RemoteKeys implements TokenKeys, Dependency {
  readonly name = 'jwks';
  readonly algorithms = ['RS256', 'ES256'] as const;
  private readonly jwks: ReturnType<typeof createRemoteJWKSet>;
  private fetched: { readonly keys: JSONWebKeySet; readonly at: number } | undefined;
  private failure: { readonly error: unknown; readonly at: number } | undefined;

  constructor(
    url: string,
    private readonly logger: Logger,
    private readonly times: RemoteKeysTimes = TIMES,
  ) {
    this.jwks = createRemoteJWKSet(new URL(url), {
      timeoutDuration: times.timeout,
      cacheMaxAge: times.fresh,
      cooldownDuration: times.cooldown,
      [customFetch]: (...request) => this.fetchOrReuse(...request),
    });
  }

  readonly find: JWTVerifyGetKey = async (header, token) => {
    try {
      return await this.jwks(header, token);
    } catch (error) {
      // While fetching fails, an unknown key may simply be a new one.
      const isUnknown = error instanceof errors.JWKSNoMatchingKey && !this.failure;
      if (isUnknown || error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      throw unavailable('the signing keys of the issuer are unavailable', error);
    }
  };

  /** Required only until keys were fetched once: after that, tokens can be verified with the known keys. */
  required(): boolean {
    return !this.fetched;
  }

  async check(): Promise<DependencyHealth> {
    if (!this.jwks.fresh || this.failure) await this.jwks.reload().catch(() => undefined);
    return this.failure ? { up: false, detail: 'cannot fetch the keys from JWT_JWKS_URL' } : { up: true };
  }

  /** Fetches the keys; returns the last valid ones while that fails. */
  private async fetchOrReuse(...request: Parameters<FetchImplementation>): Promise<Response> {
    if (!this.failure || Date.now() >= this.failure.at + this.times.pause) await this.fetchKeys(...request);
    if (this.failure && (!this.fetched || Date.now() > this.fetched.at + this.times.kept)) throw this.failure.error;
    return Response.json(this.fetched?.keys);
  }

  private async fetchKeys(...request: Parameters<FetchImplementation>): Promise<void> {
    try {
      const response = await fetch(...request);
      if (response.status !== 200) throw new Error(`status ${response.status} instead of 200`);
      this.fetched = { keys: await parseKeys(response), at: Date.now() };
      if (this.failure) this.logger.info('fetched the keys from JWT_JWKS_URL again');
      this.failure = undefined;
    } catch (error) {
      if (!this.failure) this.logger.warn({ err: error }, 'cannot fetch the keys from JWT_JWKS_URL');
      this.failure = { error, at: Date.now() };
    }
  }
}

/** @throws JWKSInvalid for an invalid key set, so that the previous one stays in use */
async function parseKeys(response: Response): Promise<JSONWebKeySet> {
  const keys = (await response.json()) as JSONWebKeySet;
  createLocalJWKSet(keys);
  return keys;
}
