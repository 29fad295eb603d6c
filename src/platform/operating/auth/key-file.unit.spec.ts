import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { temporaryFolder, type TemporaryFolder } from '../../testing/temporary-folder.js';
import { readKeyFile } from './key-file.js';
import { tokenVerifier } from './verify-token.js';

const expected = { issuer: 'https://issuer.example/', audience: 'accounts-orders' };
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string;
const jwk = (key: KeyObject) => key.export({ format: 'jwk' });

/** A self-signed certificate; Node.js cannot create one. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIUOz/xBJwIFffhGCwIldo1pSYzXrYwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOaXNzdWVyLmV4YW1wbGUwIBcNMjYxMTIzMTMyNTU1WhgPMjEy
NjEwMzAxMzI1NTVaMBkxFzAVBgNVBAMMDmlzc3Vlci5leGFtcGxlMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAE8QuoFhNUH1nCI4QcIarxaYa9I9RMzc+3+osW2BaO
sqTEz4lLzqjLvHMx4N8I6A0IVTNB/1TACWM4PtIBn21K+qNTMFEwHQYDVR0OBBYE
FJoLRfBLVgDBjq3kd1eJoLneX9VYMB8GA1UdIwQYMBaAFJoLRfBLVgDBjq3kd1eJ
oLneX9VYMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAOhQp1Wy
X6hGzJj3YOHOiLA4g+Hphj4eZHTDv8HAMtEZAiA2vg/Wy7G51HMs3OBmMmXfnlem
E8ZyBv1q2+qOhCxW9w==
-----END CERTIFICATE-----`;

describe('a key file', () => {
  let folder: TemporaryFolder;
  let file: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    file = path.join(folder.path, 'key');
  });

  afterEach(() => folder.remove());

  const write = (content: string | object) =>
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));

  function sign(alg: 'RS256' | 'ES256', kid?: string): Promise<string> {
    const claims = {
      iss: expected.issuer,
      aud: expected.audience,
      sub: 'ann',
      exp: Math.floor(Date.now() / 1000) + 60,
    };
    return new SignJWT(claims)
      .setProtectedHeader({ alg, ...(kid !== undefined && { kid }) })
      .sign(alg === 'RS256' ? rsa.privateKey : ec.privateKey);
  }

  it.each([
    ['PEM', 'RS256', pem(rsa.publicKey)],
    ['PEM', 'ES256', pem(ec.publicKey)],
    ['PEM with space around it', 'RS256', `\n${pem(rsa.publicKey)}\n`],
    ['a JWK', 'RS256', jwk(rsa.publicKey)],
    ['a JWK', 'ES256', { ...jwk(ec.publicKey), kid: 'of-the-file' }],
  ] as const)('may be %s, for %s only, whatever kid a token has', async (_form, alg, content) => {
    write(content);
    const keys = readKeyFile(file);
    const verify = tokenVerifier(keys, expected);
    expect(keys.algorithms).toEqual([alg]);
    for (const kid of [undefined, 'any']) expect((await verify(await sign(alg, kid))).subject).toBe('ann');
    const other = alg === 'RS256' ? 'ES256' : 'RS256';
    await expect(verify(await sign(other))).rejects.toThrow(`the token is not signed with ${alg}`);
  });

  it('may be a JWKS, from which a token selects a key by kid', async () => {
    write({
      keys: [
        { ...jwk(rsa.publicKey), kid: 'r' },
        { ...jwk(ec.publicKey), kid: 'e' },
      ],
    });
    const keys = readKeyFile(file);
    const verify = tokenVerifier(keys, expected);
    expect(keys.algorithms).toEqual(['RS256', 'ES256']);
    for (const token of [await sign('RS256', 'r'), await sign('ES256', 'e')]) {
      expect((await verify(token)).subject).toBe('ann');
    }
    await expect(verify(await sign('RS256', 'e'))).rejects.toThrow('an unknown key');
  });

  it('may be a certificate', async () => {
    write(CERTIFICATE);
    expect(readKeyFile(file).algorithms).toEqual(['ES256']);
  });

  const private8 = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  it.each<[string, string | object | undefined, RegExp]>([
    ['does not exist', undefined, /cannot be read \(ENOENT\)/],
    ['is empty', '', /no public key/],
    ['contains something else', 'hunter2', /no public key/],
    ['is broken PEM', pem(rsa.publicKey).replace('MII', 'XXX'), /no public key/],
    ['is broken JSON', '{"kty":', /neither PEM nor JSON/],
    ['is an invalid JWK', { kty: 'RSA', n: 'x' }, /no public key/],
    ['is a JWKS without keys', { keys: [] }, /contains no key/],
    ['is a JWKS with an invalid key', { keys: [null] }, /no public key/],
    ['is the private key, as PEM', private8, /private key/],
    [
      'is the private key, as PKCS #1',
      rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }) as string,
      /private key/,
    ],
    ['is the private key, as a JWK', jwk(ec.privateKey), /private key/],
    ['is the private key, in a JWKS', { keys: [jwk(rsa.privateKey)] }, /private key/],
    ['is a symmetric key', { kty: 'oct', k: 'aHVudGVyMg' }, /private key/],
    ['is too short', pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey), /is not a key for/],
    ['has another curve', pem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey), /is not a key for/],
    ['has another type', pem(generateKeyPairSync('ed25519').publicKey), /is not a key for/],
    ['is for RSA-PSS', pem(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey), /is not a key for/],
  ])('is refused in one line that names the setting if it %s', (_case, content, message) => {
    if (content !== undefined) write(content);
    const open = () => readKeyFile(file);
    expect(open).toThrow(/^JWT_PUBLIC_KEY_FILE: [^\n]+$/);
    expect(open).toThrow(message);
    expect(open).not.toThrow('hunter2');
  });
});
