import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createLocalJWKSet, type JSONWebKeySet, type JWK } from 'jose';
import type { SignatureAlgorithm, TokenKeys } from './verify-token.js';

const SETTING = 'JWT_PUBLIC_KEY_FILE';

/**
 * The keys in a file: PEM with a public key (SPKI) or a certificate, or JSON with a JWK or a JWKS.
 * @throws Error: one line that names the setting, and quotes nothing of the file
 */
export function keysInFile(file: string): TokenKeys {
  const content = read(file);
  return content.startsWith('{') ? fromJson(content) : one(publicKey(content));
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new Error(`${SETTING}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'it fails'})`);
  }
}

function fromJson(content: string): TokenKeys {
  const json = parse(content);
  if (!('keys' in json)) return one(publicJwk(json));
  const keys = Array.isArray(json.keys) ? (json.keys as JWK[]) : [];
  if (keys.length === 0) throw new Error(`${SETTING}: has no key in it`);
  const algorithms = new Set(keys.map((jwk) => algorithmOf(publicJwk(jwk))));
  return { algorithms: [...algorithms], find: createLocalJWKSet(json as JSONWebKeySet) };
}

/** The one key is the one that is meant, whatever a token calls it. */
function one(key: KeyObject): TokenKeys {
  return { algorithms: [algorithmOf(key)], find: () => key };
}

function parse(content: string): object {
  try {
    return JSON.parse(content) as object;
  } catch {
    throw new Error(`${SETTING}: is neither PEM nor JSON`);
  }
}

function publicJwk(jwk: JWK | null): KeyObject {
  if (jwk?.d !== undefined || jwk?.k !== undefined) throw privateKey();
  return imported({ key: jwk as never, format: 'jwk' });
}

function publicKey(pem: string): KeyObject {
  // Of a private key, which does not belong here, Node would make the public one.
  if (pem.includes('PRIVATE KEY')) throw privateKey();
  return imported(pem);
}

function privateKey(): Error {
  return new Error(`${SETTING}: has a private key in it; give the public one`);
}

function imported(key: Parameters<typeof createPublicKey>[0]): KeyObject {
  try {
    return createPublicKey(key);
  } catch {
    throw new Error(`${SETTING}: has no public key in it (PEM, JWK or JWKS)`);
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): SignatureAlgorithm {
  const { modulusLength = 0, namedCurve } = asymmetricKeyDetails ?? {};
  if (asymmetricKeyType === 'rsa' && modulusLength >= 2048) return 'RS256';
  if (asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ES256';
  throw new Error(`${SETTING}: is not a key for RS256 (RSA, 2048 bits or more) or ES256 (P-256)`);
}
