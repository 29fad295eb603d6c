import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createLocalJWKSet, type JSONWebKeySet, type JWK } from 'jose';
import type { SignatureAlgorithm, TokenKeys } from './verify-token.js';

const SETTING = 'JWT_PUBLIC_KEY_FILE';

/**
 * Reads public keys from a file: PEM with a public key (SPKI) or a certificate, or JSON with a JWK or a JWKS.
 * @throws Error with one line that names the setting and quotes nothing of the file
 */
export function readKeyFile(file: string): TokenKeys {
  const content = read(file);
  return content.startsWith('{') ? fromJson(content) : singleKey(parsePem(content));
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new Error(`${SETTING}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
}

function fromJson(content: string): TokenKeys {
  const json = parseJson(content);
  if (!('keys' in json)) return singleKey(parseJwk(json));
  const keys = Array.isArray(json.keys) ? (json.keys as JWK[]) : [];
  if (keys.length === 0) throw new Error(`${SETTING}: contains no key`);
  const algorithms = new Set(keys.map((jwk) => algorithmOf(parseJwk(jwk))));
  return { algorithms: [...algorithms], find: createLocalJWKSet(json as JSONWebKeySet) };
}

/** Uses the key for every token, whatever `kid` it has. */
function singleKey(key: KeyObject): TokenKeys {
  return { algorithms: [algorithmOf(key)], find: () => key };
}

function parseJson(content: string): object {
  try {
    return JSON.parse(content) as object;
  } catch {
    throw new Error(`${SETTING}: is neither PEM nor JSON`);
  }
}

function parseJwk(jwk: JWK | null): KeyObject {
  if (jwk?.d !== undefined || jwk?.k !== undefined) throw privateKeyError();
  return importKey({ key: jwk as never, format: 'jwk' });
}

function parsePem(pem: string): KeyObject {
  // Node.js would derive the public key from a private one, which must not be in this file.
  if (pem.includes('PRIVATE KEY')) throw privateKeyError();
  return importKey(pem);
}

function privateKeyError(): Error {
  return new Error(`${SETTING}: contains a private key; use the public key`);
}

function importKey(key: Parameters<typeof createPublicKey>[0]): KeyObject {
  try {
    return createPublicKey(key);
  } catch {
    throw new Error(`${SETTING}: contains no public key (PEM, JWK or JWKS)`);
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): SignatureAlgorithm {
  const { modulusLength = 0, namedCurve } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === 'rsa' && modulusLength >= 2048) return 'RS256';
  if (asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ES256';
  throw new Error(`${SETTING}: is not a key for RS256 (RSA, 2048 bits or more) or ES256 (P-256)`);
}
