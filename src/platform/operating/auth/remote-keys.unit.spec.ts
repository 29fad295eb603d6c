import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { eventually } from '../../testing/eventually.js';
import { newSigningKey, TokenIssuer } from '../../testing/token-issuer.js';
import { RemoteKeys, type RemoteKeysTimes } from './remote-keys.js';
import { tokenVerifier } from './verify-token.js';

const NEVER = 3_600_000;
/** Every need of a key leads to a fetch, and keys are kept. */
const AT_ONCE: RemoteKeysTimes = { timeout: 2_000, fresh: NEVER, cooldown: 0, pause: 0, kept: NEVER };

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
    const keys = new RemoteKeys(issuer.jwksUrl, logger, { ...AT_ONCE, ...times });
    return { keys, verify: tokenVerifier(keys, issuer) };
  }
  const said = () => lines.map((line) => (JSON.parse(line) as { msg: string }).msg);

  it('are fetched once for many tokens', async () => {
    const { verify } = trust();
    const tokens = await Promise.all(Array.from({ length: 10 }, () => issuer.sign()));
    await Promise.all(tokens.map(verify));
    for (const token of tokens) await verify(token);
    expect(issuer.asked).toBe(1);
  });

  it('are fetched again for a token that names a new one, and the old ones hold', async () => {
    const { verify } = trust();
    const old = await issuer.sign();
    await verify(old);
    await issuer.rotate();
    expect((await verify(await issuer.sign())).subject).toBe('ann');
    expect((await verify(old)).subject).toBe('ann');
    expect(issuer.asked).toBe(2);
  });

  it('are not fetched for every name that somebody makes up', async () => {
    const { verify } = trust({ cooldown: NEVER });
    await verify(await issuer.sign());
    for (let count = 0; count < 5; count += 1) {
      const token = await issuer.sign({}, await newSigningKey());
      await expect(verify(token)).rejects.toThrow('a key that is not known');
    }
    expect(issuer.asked).toBe(1);
  });

  it('are fetched again when they are old, and what is no longer published no longer holds', async () => {
    const { verify } = trust({ fresh: 0 });
    const token = await issuer.sign();
    await verify(token);
    issuer.published = [(await newSigningKey()).publicJwk];
    await expect(verify(token)).rejects.toThrow('a key that is not known');
  });

  it('have to be named where there are several', async () => {
    const { verify } = trust();
    await issuer.rotate();
    const key = { ...(await newSigningKey()), kid: undefined as never };
    await expect(verify(await issuer.sign({}, key))).rejects.toThrow('does not say which key');
  });

  describe.each<[string, () => Promise<void> | void]>([
    ['nobody answers', () => issuer.stop()],
    ['the answer is 500', () => void (issuer.instead = { status: 500, body: '{}' })],
    ['the answer is no JSON', () => void (issuer.instead = { status: 200, body: '<html>' })],
    ['the answer is no key set', () => void (issuer.instead = { status: 200, body: '{"keys":[1]}' })],
    ['the answer is somewhere else', () => void (issuer.instead = { status: 302, body: '' })],
  ])('where %s', (_what, fail) => {
    it('cannot be had: nobody is let in, and it is said why, once', async () => {
      const { keys, verify } = trust();
      const token = await issuer.sign();
      await fail();
      for (let count = 0; count < 3; count += 1) {
        await expect(verify(token)).rejects.toMatchObject({ kind: 'unavailable' });
      }
      expect(keys.required()).toBe(true);
      expect(await keys.check()).toEqual({ up: false, detail: 'the keys of JWT_JWKS_URL cannot be fetched' });
      expect(said()).toEqual(['the keys of JWT_JWKS_URL cannot be fetched']);
      expect(lines.join()).not.toContain(token);
    });

    it('hold on when they were had before, and a new one may be right', async () => {
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

    it('hold on no longer than they may', async () => {
      const { verify } = trust({ fresh: 0, kept: 0 });
      const token = await issuer.sign();
      await verify(token);
      await fail();
      await eventually(() => expect(verify(token)).rejects.toMatchObject({ kind: 'unavailable' }));
    });
  });

  it('are there again when the issuer is, and it is said', async () => {
    const { keys, verify } = trust();
    issuer.instead = { status: 503, body: '' };
    expect((await keys.check()).up).toBe(false);
    issuer.instead = undefined;
    expect(await keys.check()).toEqual({ up: true });
    expect((await verify(await issuer.sign())).subject).toBe('ann');
    expect(said()).toEqual([
      'the keys of JWT_JWKS_URL cannot be fetched',
      'the keys of JWT_JWKS_URL can be fetched again',
    ]);
  });

  it('are not asked for at once where they could not be had', async () => {
    const { verify } = trust({ pause: NEVER });
    issuer.instead = { status: 503, body: '' };
    const token = await issuer.sign();
    for (let count = 0; count < 5; count += 1) {
      await expect(verify(token)).rejects.toMatchObject({ kind: 'unavailable' });
    }
    expect(issuer.asked).toBe(1);
  });

  it('are had before the first request where somebody asks whether all is ready', async () => {
    const { keys, verify } = trust();
    expect(await keys.check()).toEqual({ up: true });
    await keys.check();
    await verify(await issuer.sign());
    expect(issuer.asked).toBe(1);
  });
});
