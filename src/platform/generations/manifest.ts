import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { canonicalJson } from '../event/hash-chain.js';
import { PlatformError } from '../tools/errors.js';
import type { Cuts, Part } from './comparison.js';

/** One of the generations of a manifest. */
export interface ManifestSide {
  readonly generation: number;
  readonly name: string;
  /** By partition: number of records. */
  readonly records: readonly number[];
}

/** What a copy consists of, and the proof that both generations have it. */
export interface Manifest {
  readonly topic: string;
  /** RFC 3339; time of the comparison. */
  readonly time: string;
  readonly from: ManifestSide;
  readonly to: ManifestSide;
  /** By partition: the offsets at which each generation is divided into body and tail. */
  readonly cuts: Cuts;
  /** Equal in both generations. */
  readonly body: Part;
  readonly tail: Part;
  readonly signature?: Signature;
}

export interface Signature {
  readonly algorithm: 'Ed25519';
  /** PEM, SPKI. */
  readonly publicKey: string;
  /** Base64; over the canonical JSON (RFC 8785) of the manifest without `signature`. */
  readonly value: string;
}

/** @param privateKey PEM @throws PlatformError `invalid-key`, without the key */
export function signed(manifest: Manifest, privateKey: string): Manifest {
  const { key, publicKey } = parsePrivateKey(privateKey);
  const value = sign(null, textOf(manifest), key).toString('base64');
  return { ...manifest, signature: { algorithm: 'Ed25519', publicKey, value } };
}

/** @throws PlatformError `invalid-key` unless the text is a private Ed25519 key in PEM */
export function parsePrivateKey(pem: string): { readonly key: ReturnType<typeof createPrivateKey>; publicKey: string } {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') {
      return { key, publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString() };
    }
  } catch {
    // Its message may quote the file.
  }
  throw new PlatformError('invalid', 'invalid-key', 'the key is not a private Ed25519 key in PEM');
}

/**
 * Checks the signature.
 * @param publicKey PEM; default: the key that the manifest names, which proves only that it was not changed by accident
 */
export function isSignedBy(manifest: Manifest, publicKey = manifest.signature?.publicKey): boolean {
  const { signature } = manifest;
  if (!signature || publicKey === undefined) return false;
  try {
    return verify(null, textOf(manifest), createPublicKey(publicKey), Buffer.from(signature.value, 'base64'));
  } catch {
    return false;
  }
}

function textOf({ signature: _, ...manifest }: Manifest): Buffer {
  return Buffer.from(canonicalJson(manifest));
}
