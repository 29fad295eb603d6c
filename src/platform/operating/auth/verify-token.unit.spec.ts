import { createSecretKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CryptoKey, exportSPKI, importJWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { silentLogger } from '../../testing/silent-logger.js';
import { inSeconds, newSigningKey, type SigningKey, TokenIssuer } from '../../testing/token-issuer.js';
import { RemoteKeys } from './remote-keys.js';
import type { VerifyToken } from './caller.js';
import { type TokenKeys, tokenVerifier } from './verify-token.js';

describe.each(['RS256', 'ES256'] as const)('a token that is signed with %s', (alg) => {
  let issuer: TokenIssuer;
  let verify: VerifyToken;

  beforeAll(async () => {
    issuer = await TokenIssuer.start(alg);
    verify = tokenVerifier(new RemoteKeys(issuer.jwksUrl, silentLogger), issuer);
  });

  afterAll(() => issuer.stop());

  const refusal = (token: string) =>
    verify(token).then(
      () => 'is taken',
      (error: unknown) => [(error as Error).constructor.name, (error as Error).message],
    );

  it('says who calls, and what he may do, and nothing else', async () => {
    const token = await issuer.sign({ sub: 'ann', scope: 'orders:read orders:write', email: 'ann@example.com' });
    expect(await verify(token)).toEqual({ subject: 'ann', scopes: new Set(['orders:read', 'orders:write']) });
  });

  it.each<[JWTPayload, string[]]>([
    [{}, []],
    [{ scope: 'a b' }, ['a', 'b']],
    [{ scp: ['a', 'b'] }, ['a', 'b']],
    [{ scp: 'a b' }, ['a', 'b']],
    [{ scope: 'a', scp: ['b'] }, ['a', 'b']],
    [{ scope: { a: true }, scp: [1, null, ['c']] }, []],
    [{ scope: 'orders:readers' }, ['orders:readers']],
  ])('has the scopes that its claims say: %j', async (claims, scopes) => {
    expect([...(await verify(await issuer.sign(claims))).scopes]).toEqual(scopes);
  });

  it.each<[string, JWTPayload]>([
    ['has expired, but not for half a minute', { exp: inSeconds(-20) }],
    ['is valid within half a minute', { nbf: inSeconds(20) }],
    ['is for several audiences', { aud: ['other', 'accounts-orders'] }],
    ['has the longest subject', { sub: '😀'.repeat(255) }],
  ])('is taken: it %s', async (_what, claims) => {
    expect(await refusal(await issuer.sign(claims))).toBe('is taken');
  });

  it.each<[string, JWTPayload]>([
    ['has expired', { exp: inSeconds(-40) }],
    ['has no exp claim', { exp: undefined }],
    ['has a wrong exp claim', { exp: 'never' as never }],
    ['is not valid yet', { nbf: inSeconds(40) }],
    ['is of another issuer', { iss: 'https://issuer.example' }],
    ['has no iss claim', { iss: undefined }],
    ['is for another audience', { aud: 'accounts-order' }],
    ['is for another audience', { aud: [] }],
    ['has no aud claim', { aud: undefined }],
    ['has no sub claim', { sub: undefined }],
    ...['', ' \n', 'a\u0000', '\ud800', 'x'.repeat(256), 7, null, ['ann']].map((sub): [string, JWTPayload] => [
      'has a sub claim that is not 1 to 255 visible characters',
      { sub: sub as string },
    ]),
  ])('is refused: it %s (%j)', async (what, claims) => {
    expect(await refusal(await issuer.sign(claims))).toEqual(['InvalidToken', `the token ${what}`]);
  });

  it('is refused where its signature, its claims or its header are not those that were signed', async () => {
    const [header, payload, signature] = (await issuer.sign({ sub: 'ann' })).split('.');
    const [otherHeader, otherPayload, otherSignature] = (await issuer.sign({ sub: 'eve' })).split('.');
    expect(otherHeader).toBe(header);
    for (const forged of [
      `${header}.${otherPayload}.${signature}`,
      `${header}.${payload}.${otherSignature}`,
      `${header}.${payload}.AAAA`,
      `${header}.${payload}.`,
    ]) {
      expect(await refusal(forged)).toEqual(['InvalidToken', 'the token has a signature that is not right']);
    }
  });

  it('is refused where another key signed it, under the name of the right one', async () => {
    const { kid } = issuer.published[0] as SigningKey['publicJwk'];
    const stolen = { ...(await newSigningKey(alg)), kid: kid! };
    expect(await refusal(await issuer.sign({}, stolen))).toEqual([
      'InvalidToken',
      'the token has a signature that is not right',
    ]);
  });

  it('is refused where the key is not known', async () => {
    expect(await refusal(await issuer.sign({}, await newSigningKey(alg)))).toEqual([
      'InvalidToken',
      'the token is signed with a key that is not known',
    ]);
  });

  it('is refused where it is not signed at all', async () => {
    const unsigned = new UnsecuredJWT(issuer.claims()).encode();
    expect(await refusal(unsigned)).toEqual(['InvalidToken', 'the token is not signed with RS256 or ES256']);
  });

  it.each(['pem', 'jwk'])('is refused where the public key was used as a secret (%s)', async (form) => {
    const jwk = issuer.published[0] as SigningKey['publicJwk'];
    const pem = await exportSPKI((await importJWK(jwk, alg, { extractable: true })) as CryptoKey);
    const secret = createSecretKey(Buffer.from(form === 'pem' ? pem : JSON.stringify(jwk)));
    const token = await new SignJWT(issuer.claims()).setProtectedHeader({ alg: 'HS256', kid: jwk.kid! }).sign(secret);
    expect(await refusal(token)).toEqual(['InvalidToken', 'the token is not signed with RS256 or ES256']);
  });

  it.each(['RS384', 'PS256', 'ES384', 'EdDSA', 'none', 'constructor'])(
    'is refused where it says that it is signed with %s',
    async (other) => {
      const [, payload, signature] = (await issuer.sign()).split('.');
      const header = Buffer.from(JSON.stringify({ alg: other })).toString('base64url');
      expect((await refusal(`${header}.${payload}.${signature}`))[1]).toMatch(/^the token (is not signed with|cannot)/);
    },
  );

  it('brings no key of its own', async () => {
    const { publicJwk, privateKey } = await newSigningKey(alg);
    const header = { alg, jwk: publicJwk, jku: issuer.jwksUrl, x5u: issuer.jwksUrl };
    const token = await new SignJWT(issuer.claims()).setProtectedHeader(header).sign(privateKey);
    expect(await refusal(token)).toEqual(['InvalidToken', 'the token has a signature that is not right']);
  });

  it.each(['', ' ', 'a', 'a.b', 'a.b.c.d', '..', 'a.b.c ', 'é.b.c', 'e30.e30.e30', 'bnVsbA.e30.AA', 'W10.e30.AA'])(
    'is refused where it is none: %j',
    async (token) => {
      expect((await refusal(token))[0]).toBe('InvalidToken');
    },
  );
});

it('is refused for what a key is not for, also where the algorithm is one of the two', async () => {
  const [rsa, ec] = await Promise.all([newSigningKey('RS256'), newSigningKey('ES256')]);
  const issuer = await TokenIssuer.start();
  await issuer.stop();
  const publicKey = await importJWK(rsa.publicJwk, 'RS256');
  const keys: TokenKeys = { algorithms: ['RS256'], find: () => publicKey as CryptoKey };
  const verify = tokenVerifier(keys, issuer);
  await expect(verify(await issuer.sign({}, ec))).rejects.toThrow('the token is not signed with RS256');
  expect((await verify(await issuer.sign({}, rsa))).subject).toBe('ann');
});
