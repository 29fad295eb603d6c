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

/** All in milliseconds. */
export interface RemoteKeysTimes {
  /** For one answer of the issuer. */
  readonly timeout: number;
  /** For which keys are used before they are fetched again. */
  readonly fresh: number;
  /** Between two fetches because of a key that is not known: anyone may name one. */
  readonly cooldown: number;
  /** Between two fetches that fail. */
  readonly pause: number;
  /** For which keys are used that cannot be fetched again. An issuer's tokens rarely live longer. */
  readonly kept: number;
}

const TIMES: RemoteKeysTimes = { timeout: 2_000, fresh: 600_000, cooldown: 30_000, pause: 1_000, kept: 3_600_000 };

/** The keys that an issuer publishes (JWKS): fetched when first needed, and again when a token names a new one. */
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
      [customFetch]: (...request) => this.answer(...request),
    });
  }

  readonly find: JWTVerifyGetKey = async (header, token) => {
    try {
      return await this.jwks(header, token);
    } catch (error) {
      // A key that is not known may be one of those that cannot be fetched.
      const isNotKnown = error instanceof errors.JWKSNoMatchingKey && !this.failure;
      if (isNotKnown || error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      throw unavailable('the keys that tokens are signed with cannot be had', error);
    }
  };

  /** Without any keys nobody can be let in; with some, what was signed with them can. */
  required(): boolean {
    return !this.fetched;
  }

  async check(): Promise<DependencyHealth> {
    if (!this.jwks.fresh || this.failure) await this.jwks.reload().catch(() => undefined);
    return this.failure ? { up: false, detail: 'the keys of JWT_JWKS_URL cannot be fetched' } : { up: true };
  }

  /** What the key set takes for the issuer's answer: the last good one, where there is none now. */
  private async answer(...request: Parameters<FetchImplementation>): Promise<Response> {
    if (!this.failure || Date.now() >= this.failure.at + this.times.pause) await this.fetch(...request);
    if (this.failure && (!this.fetched || Date.now() > this.fetched.at + this.times.kept)) throw this.failure.error;
    return Response.json(this.fetched?.keys);
  }

  private async fetch(...request: Parameters<FetchImplementation>): Promise<void> {
    try {
      const response = await fetch(...request);
      if (response.status !== 200) throw new Error(`status ${response.status} instead of 200`);
      this.fetched = { keys: await keysIn(response), at: Date.now() };
      if (this.failure) this.logger.info('the keys of JWT_JWKS_URL can be fetched again');
      this.failure = undefined;
    } catch (error) {
      if (!this.failure) this.logger.warn({ err: error }, 'the keys of JWT_JWKS_URL cannot be fetched');
      this.failure = { error, at: Date.now() };
    }
  }
}

/** @throws JWKSInvalid for what is no key set: the one before is better than that. */
async function keysIn(response: Response): Promise<JSONWebKeySet> {
  const keys = (await response.json()) as JSONWebKeySet;
  createLocalJWKSet(keys);
  return keys;
}
