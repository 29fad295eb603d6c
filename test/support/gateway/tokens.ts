import { createHmac, generateKeyPairSync, sign } from 'node:crypto';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });

export const ISSUER = 'https://issuer.example/';
export const AUDIENCE = 'accounts-orders';
/** PEM, as the gateway and the services are given it. */
export const PUBLIC_KEY = pair.publicKey.export({ type: 'spki', format: 'pem' }) as string;

type Claims = Readonly<Record<string, unknown>>;

/** Seconds since 1970. */
export const now = () => Math.floor(Date.now() / 1000);

/** A token that the gateway lets in, but for what is said otherwise; `undefined` leaves a claim out. */
export function token(claims: Claims = {}, header: Claims = {}): string {
  return signed(claims, header, (text) => sign('sha256', Buffer.from(text), pair.privateKey));
}

/** Signed by a key that nobody knows. */
export function tokenOfStranger(): string {
  return signed({}, {}, (text) => sign('sha256', Buffer.from(text), stranger.privateKey));
}

/** Signed with the public key as if it were a secret. */
export function tokenByPublicKey(): string {
  return signed({}, { alg: 'HS256' }, (text) => createHmac('sha256', PUBLIC_KEY).update(text).digest());
}

/** Another's claims under a signature that was made for others. */
export function alteredToken(): string {
  const [head, , signature] = token().split('.');
  return [head, token({ sub: 'root' }).split('.')[1], signature].join('.');
}

export function unsignedToken(): string {
  return signed({}, { alg: 'none' }, () => Buffer.alloc(0));
}

function signed(claims: Claims, header: Claims, signatureOf: (text: string) => Buffer): string {
  const scope = 'customers:read customers:write orders:read orders:write';
  const payload = { iss: ISSUER, aud: AUDIENCE, sub: 'jane', scope, exp: now() + 600, ...claims };
  const text = [{ alg: 'RS256', typ: 'JWT', ...header }, payload].map(encode).join('.');
  return `${text}.${signatureOf(text).toString('base64url')}`;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
