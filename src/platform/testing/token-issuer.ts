import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

export type Algorithm = 'RS256' | 'ES256';

/** A key pair for signing tokens. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

let made = 0;

export async function newSigningKey(alg: Algorithm = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const kid = `key-${(made += 1)}`;
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** The time in so many seconds, as a NumericDate (seconds since the epoch). */
export const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

/** Signs tokens, and serves the public keys over HTTP. */
export class TokenIssuer {
  readonly issuer = 'https://issuer.example/';
  readonly audience = 'accounts-orders';
  /** Number of key requests. */
  asked = 0;
  /** The response instead of the keys, if set. */
  instead: { readonly status: number; readonly body: string } | undefined;
  published: readonly JWK[];

  private constructor(
    private readonly server: Server,
    readonly jwksUrl: string,
    private key: SigningKey,
  ) {
    this.published = [key.publicJwk];
    server.on('request', (_request, response) => {
      this.asked += 1;
      const { status, body } = this.instead ?? { status: 200, body: JSON.stringify({ keys: this.published }) };
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
    });
  }

  static async start(alg: Algorithm = 'ES256'): Promise<TokenIssuer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new TokenIssuer(server, `http://127.0.0.1:${port}/jwks`, await newSigningKey(alg));
  }

  /** Settings of a process that trusts this issuer. */
  get settings() {
    const { jwksUrl, issuer, audience } = this;
    return { AUTH_MODE: 'jwt', JWT_JWKS_URL: jwksUrl, JWT_ISSUER: issuer, JWT_AUDIENCE: audience };
  }

  /** The claims of a valid token that expires in 10 minutes. */
  claims(different: JWTPayload = {}): JWTPayload {
    const { issuer: iss, audience: aud } = this;
    return { iss, aud, sub: 'ann', iat: inSeconds(0), exp: inSeconds(600), ...different };
  }

  /** Signs a token. A claim that is undefined is omitted. */
  sign(different: JWTPayload = {}, { kid, alg, privateKey }: SigningKey = this.key, typ = 'at+jwt'): Promise<string> {
    const header = { alg, kid, ...(typ !== 'none' && { typ }) };
    return new SignJWT(this.claims(different)).setProtectedHeader(header).sign(privateKey);
  }

  /** The Authorization header of a caller with these scopes. */
  async bearer(scope: string, sub = 'ann'): Promise<{ authorization: string }> {
    return { authorization: `Bearer ${await this.sign({ scope, sub })}` };
  }

  /** Signs with a new key from now on. The old keys stay published. */
  async rotate(): Promise<void> {
    this.key = await newSigningKey(this.key.alg);
    this.published = [...this.published, this.key.publicJwk];
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
