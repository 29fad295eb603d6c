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
      () => 'is accepted',
      (error: unknown) => [(error as Error).constructor.name, (error as Error).message],
    );

  it('gives the subject and the scopes, and nothing else', async () => {
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
  ])('has the scopes of its claims: %j', async (claims, scopes) => {
    expect([...(await verify(await issuer.sign(claims))).scopes]).toEqual(scopes);
  });

  it.each<[string, JWTPayload]>([
    ['expired less than 30 seconds ago', { exp: inSeconds(-20) }],
    ['becomes valid within 30 seconds', { nbf: inSeconds(20) }],
    ['has several audiences', { aud: ['other', 'accounts-orders'] }],
    ['has the longest subject', { sub: '😀'.repeat(255) }],
  ])('is accepted: it %s', async (_case, claims) => {
    expect(await refusal(await issuer.sign(claims))).toBe('is accepted');
  });

  it.each<[string, JWTPayload]>([
    ['has expired', { exp: inSeconds(-40) }],
    ['has no exp claim', { exp: undefined }],
    ['has an invalid exp claim', { exp: 'never' as never }],
    ['is not valid yet', { nbf: inSeconds(40) }],
    ['is from another issuer', { iss: 'https://issuer.example' }],
    ['has no iss claim', { iss: undefined }],
    ['is for another audience', { aud: 'accounts-order' }],
    ['is for another audience', { aud: [] }],
    ['has no aud claim', { aud: undefined }],
    ['has no sub claim', { sub: undefined }],
    ...['', ' \n', 'a\u0000', '\ud800', 'x'.repeat(256), 7, null, ['ann']].map((sub): [string, JWTPayload] => [
      'has a sub claim that is not 1 to 255 visible characters',
      { sub: sub as string },
    ]),
  ])('is refused: it %s (%j)', async (reason, claims) => {
    expect(await refusal(await issuer.sign(claims))).toEqual(['InvalidToken', `the token ${reason}`]);
  });

  it.each<[string, JWTPayload, boolean, boolean]>([
    ['at+jwt', {}, true, true],
    ['AT+JWT', { nonce: 'n' }, true, true],
    ['application/at+jwt', {}, true, true],
    ['JWT', {}, true, false],
    ['none', {}, true, false],
    ['JWT', { nonce: 'n' }, false, false],
    ['none', { at_hash: 'h' }, false, false],
    ['JWT', { c_hash: 'h' }, false, false],
    ['ID', {}, false, false],
    ['logout+jwt', {}, false, false],
    ['dpop+jwt', {}, false, false],
  ])('with the type %s and %j is an access token: %s, where a type is required: %s', async (typ, claims, is, typed) => {
    const token = await issuer.sign(claims, undefined, typ);
    const strict = tokenVerifier(new RemoteKeys(issuer.jwksUrl, silentLogger), {
      issuer: issuer.issuer,
      audience: issuer.audience,
      requireType: true,
    });
    const accepts = (verifier: VerifyToken) =>
      verifier(token).then(
        () => true,
        (error: unknown) => (error as Error).message,
      );
    expect(await accepts(verify)).toBe(is || 'the token is no access token');
    expect(await accepts(strict)).toBe(typed || 'the token is no access token');
  });

  it.each([
    ['c-1', 'c-1'],
    ['é '.repeat(50), 'é '.repeat(50)],
    ['c'.repeat(101), undefined],
    ['', undefined],
    ['c\n1', undefined],
    ['c\u200b1', undefined],
    ['c\ud800', undefined],
    [42, undefined],
    [true, undefined],
    [null, undefined],
    [['c-1'], undefined],
    [{ id: 'c-1' }, undefined],
    [undefined, undefined],
  ])('is the customer that its claim names, if it is text of a usual length: %j', async (value, expected) => {
    const token = await issuer.sign({ customer_id: value, tenant: 'another' });
    const { issuer: iss, audience } = issuer;
    const keys = new RemoteKeys(issuer.jwksUrl, silentLogger);
    const caller = await tokenVerifier(keys, { issuer: iss, audience, customerClaim: 'customer_id' })(token);
    expect(caller.customer).toBe(expected);
    expect('customer' in caller).toBe(expected !== undefined);
    for (const customerClaim of ['constructor', 'toString', '__proto__', 'missing']) {
      expect((await tokenVerifier(keys, { issuer: iss, audience, customerClaim })(token)).customer).toBeUndefined();
    }
    expect(await verify(token)).not.toHaveProperty('customer');
  });

  it('is refused if its signature, its claims or its header were changed', async () => {
    const [header, payload, signature] = (await issuer.sign({ sub: 'ann' })).split('.');
    const [otherHeader, otherPayload, otherSignature] = (await issuer.sign({ sub: 'eve' })).split('.');
    expect(otherHeader).toBe(header);
    for (const forged of [
      `${header}.${otherPayload}.${signature}`,
      `${header}.${payload}.${otherSignature}`,
      `${header}.${payload}.AAAA`,
      `${header}.${payload}.`,
    ]) {
      expect(await refusal(forged)).toEqual(['InvalidToken', 'the token has an invalid signature']);
    }
  });

  it('is refused if another key signed it under the id of a known key', async () => {
    const { kid } = issuer.published[0] as SigningKey['publicJwk'];
    const stolen = { ...(await newSigningKey(alg)), kid: kid! };
    expect(await refusal(await issuer.sign({}, stolen))).toEqual([
      'InvalidToken',
      'the token has an invalid signature',
    ]);
  });

  it('is refused if the key is unknown', async () => {
    expect(await refusal(await issuer.sign({}, await newSigningKey(alg)))).toEqual([
      'InvalidToken',
      'the token is signed with an unknown key',
    ]);
  });

  it('is refused if it is not signed', async () => {
    const unsigned = new UnsecuredJWT(issuer.claims()).encode();
    expect(await refusal(unsigned)).toEqual(['InvalidToken', 'the token is not signed with RS256 or ES256']);
  });

  it.each(['pem', 'jwk'])('is refused if the public key was used as an HMAC secret (%s)', async (form) => {
    const jwk = issuer.published[0] as SigningKey['publicJwk'];
    const pem = await exportSPKI((await importJWK(jwk, alg, { extractable: true })) as CryptoKey);
    const secret = createSecretKey(Buffer.from(form === 'pem' ? pem : JSON.stringify(jwk)));
    const token = await new SignJWT(issuer.claims()).setProtectedHeader({ alg: 'HS256', kid: jwk.kid! }).sign(secret);
    expect(await refusal(token)).toEqual(['InvalidToken', 'the token is not signed with RS256 or ES256']);
  });

  it.each(['RS384', 'PS256', 'ES384', 'EdDSA', 'none', 'constructor'])(
    'is refused if its header names the algorithm %s',
    async (other) => {
      const [, payload, signature] = (await issuer.sign()).split('.');
      const header = Buffer.from(JSON.stringify({ alg: other })).toString('base64url');
      expect((await refusal(`${header}.${payload}.${signature}`))[1]).toMatch(/^the token (is not signed with|cannot)/);
    },
  );

  it('cannot bring its own key', async () => {
    const { publicJwk, privateKey } = await newSigningKey(alg);
    const header = { alg, jwk: publicJwk, jku: issuer.jwksUrl, x5u: issuer.jwksUrl };
    const token = await new SignJWT(issuer.claims()).setProtectedHeader(header).sign(privateKey);
    expect(await refusal(token)).toEqual(['InvalidToken', 'the token has an invalid signature']);
  });

  it.each(['', ' ', 'a', 'a.b', 'a.b.c.d', '..', 'a.b.c ', 'é.b.c', 'e30.e30.e30', 'bnVsbA.e30.AA', 'W10.e30.AA'])(
    'is refused if it is malformed: %j',
    async (token) => {
      expect((await refusal(token))[0]).toBe('InvalidToken');
    },
  );
});

it('a token is refused if its algorithm does not match the key', async () => {
  const [rsa, ec] = await Promise.all([newSigningKey('RS256'), newSigningKey('ES256')]);
  const issuer = await TokenIssuer.start();
  await issuer.stop();
  const publicKey = await importJWK(rsa.publicJwk, 'RS256');
  const keys: TokenKeys = { algorithms: ['RS256'], find: () => publicKey as CryptoKey };
  const verify = tokenVerifier(keys, issuer);
  await expect(verify(await issuer.sign({}, ec))).rejects.toThrow('the token is not signed with RS256');
  expect((await verify(await issuer.sign({}, rsa))).subject).toBe('ann');
});
