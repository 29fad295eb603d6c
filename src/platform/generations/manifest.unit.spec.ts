import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { isSignedBy, type Manifest, signed } from './manifest.js';

const PART = { records: 3, events: 3, root: 'a'.repeat(64) };
const MANIFEST: Manifest = {
  topic: 'topic',
  time: '2026-11-27T10:00:00.000Z',
  from: { generation: 1, name: 'topic', records: [3] },
  to: { generation: 2, name: 'topic.g2', records: [1, 2] },
  cuts: { from: [3], to: [1, 2] },
  body: PART,
  tail: { ...PART, records: 0, events: 0 },
};

function newKeys(type: 'ed25519' | 'ed448' = 'ed25519') {
  const { privateKey, publicKey } = generateKeyPairSync(type as 'ed25519');
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

describe('a manifest', () => {
  it('is signed by the key that signed it, and by no other', () => {
    const { privateKey, publicKey } = newKeys();
    const manifest = signed(MANIFEST, privateKey);

    expect(isSignedBy(manifest, publicKey)).toBe(true);
    expect(isSignedBy(manifest)).toBe(true);
    expect(isSignedBy(manifest, newKeys().publicKey)).toBe(false);
    expect(isSignedBy(MANIFEST, publicKey)).toBe(false);
  });

  it('is not signed any more once something in it was changed', () => {
    const { privateKey, publicKey } = newKeys();
    const manifest = signed(MANIFEST, privateKey);

    expect(isSignedBy({ ...manifest, body: { ...PART, records: 4 } }, publicKey)).toBe(false);
  });

  it.each([
    ['no key', 'nonsense'],
    ['another kind of key', newKeys('ed448').privateKey],
  ])('is not signed with %s, and the error does not quote it', (_, key) => {
    expect(() => signed(MANIFEST, key)).toThrow('the key is not a private Ed25519 key in PEM');
  });
});
