import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { eventually } from '../../testing/eventually.js';
import { newSigningKey, TokenIssuer } from '../../testing/token-issuer.js';
import { RemoteKeys, type RemoteKeysTimes } from './remote-keys.js';
import { tokenVerifier } from './verify-token.js';

const NEVER = 3_600_000;
/** Fetches whenever a key is needed, and never discards keys. */
const IMMEDIATE: RemoteKeysTimes = { timeout: 2_000, fresh: NEVER, cooldown: 0, pause: 0, kept: NEVER };

describe('the keys of an issuer', () => {
  let issuer: TokenIssuer;
  let lines: string[];

  beforeEach(async () => {
    issuer = await TokenIssuer.start();
    lines = [];
  });

  afterEach(() => issuer.stop());

  function trust(times: Partial<RemoteKeysTimes> = {}) {
    const logger = pino({ base: null, timestamp: false }, { write: (line: string) => lines.push(line) });
    const keys = new RemoteKeys(issuer.jwksUrl, logger, { ...IMMEDIATE, ...times });
    return { keys, verify: tokenVerifier(keys, issuer) };
  }
  const logged = () => lines.map((line) => (JSON.parse(line) as { msg: string }).msg);

  it('are fetched once for many tokens', async () => {
    const { verify } = trust();
    const tokens = await Promise.all(Array.from({ length: 10 }, () => issuer.sign()));
    await Promise.all(tokens.map(verify));
    for (const token of tokens) await verify(token);
    expect(issuer.asked).toBe(1);
  });

  it('are fetched again for a token with a new key, and old keys stay valid', async () => {
    const { verify } = trust();
    const old = await issuer.sign();
    await verify(old);
    await issuer.rotate();
    expect((await verify(await issuer.sign())).subject).toBe('ann');
    expect((await verify(old)).subject).toBe('ann');
    expect(issuer.asked).toBe(2);
  });

  it('are not fetched again for every made-up key id', async () => {
    const { verify } = trust({ cooldown: NEVER });
    await verify(await issuer.sign());
    for (let count = 0; count < 5; count += 1) {
      const token = await issuer.sign({}, await newSigningKey());
      await expect(verify(token)).rejects.toThrow('an unknown key');
    }
    expect(issuer.asked).toBe(1);
  });

  it('are fetched again when they are old, and unpublished keys become invalid', async () => {
    const { verify } = trust({ fresh: 0 });
    const token = await issuer.sign();
    await verify(token);
    issuer.published = [(await newSigningKey()).publicJwk];
    await expect(verify(token)).rejects.toThrow('an unknown key');
  });

  it('must be named by the token if there are several', async () => {
    const { verify } = trust();
    await issuer.rotate();
    const key = { ...(await newSigningKey()), kid: undefined as never };
    await expect(verify(await issuer.sign({}, key))).rejects.toThrow('does not name the key');
  });

  describe.each<[string, () => Promise<void> | void]>([
    ['the issuer does not answer', () => issuer.stop()],
    ['the response is 500', () => void (issuer.instead = { status: 500, body: '{}' })],
    ['the response is not JSON', () => void (issuer.instead = { status: 200, body: '<html>' })],
    ['the response is not a key set', () => void (issuer.instead = { status: 200, body: '{"keys":[1]}' })],
    ['the response is a redirect', () => void (issuer.instead = { status: 302, body: '' })],
  ])('when %s', (_case, fail) => {
    it('are unavailable: every token is refused, and the reason is logged once', async () => {
      const { keys, verify } = trust();
      const token = await issuer.sign();
      await fail();
      for (let count = 0; count < 3; count += 1) {
        await expect(verify(token)).rejects.toMatchObject({ kind: 'unavailable' });
      }
      expect(keys.required()).toBe(true);
      expect(await keys.check()).toEqual({ up: false, detail: 'cannot fetch the keys from JWT_JWKS_URL' });
      expect(logged()).toEqual(['cannot fetch the keys from JWT_JWKS_URL']);
      expect(lines.join()).not.toContain(token);
    });

    it('stay valid if they were fetched before, and an unknown key counts as unavailable', async () => {
      const { keys, verify } = trust({ fresh: 0 });
      const token = await issuer.sign();
      await verify(token);
      await fail();
      expect((await verify(token)).subject).toBe('ann');
      const unknown = await issuer.sign({}, await newSigningKey());
      await expect(verify(unknown)).rejects.toMatchObject({ kind: 'unavailable' });
      expect(keys.required()).toBe(false);
      expect((await keys.check()).up).toBe(false);
    });

    it('stay valid for a limited time only', async () => {
      const { verify } = trust({ fresh: 0, kept: 0 });
      const token = await issuer.sign();
      await verify(token);
      await fail();
      await eventually(() => expect(verify(token)).rejects.toMatchObject({ kind: 'unavailable' }));
    });
  });

  it('are available again once the issuer is, and this is logged', async () => {
    const { keys, verify } = trust();
    issuer.instead = { status: 503, body: '' };
    expect((await keys.check()).up).toBe(false);
    issuer.instead = undefined;
    expect(await keys.check()).toEqual({ up: true });
    expect((await verify(await issuer.sign())).subject).toBe('ann');
    expect(logged()).toEqual(['cannot fetch the keys from JWT_JWKS_URL', 'fetched the keys from JWT_JWKS_URL again']);
  });

  it('are not fetched again immediately after a failure', async () => {
    const { verify } = trust({ pause: NEVER });
    issuer.instead = { status: 503, body: '' };
    const token = await issuer.sign();
    for (let count = 0; count < 5; count += 1) {
      await expect(verify(token)).rejects.toMatchObject({ kind: 'unavailable' });
    }
    expect(issuer.asked).toBe(1);
  });

  it('are fetched by a readiness check before the first request', async () => {
    const { keys, verify } = trust();
    expect(await keys.check()).toEqual({ up: true });
    await keys.check();
    await verify(await issuer.sign());
    expect(issuer.asked).toBe(1);
  });
});
