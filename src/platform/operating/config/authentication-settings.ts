import { z } from 'zod';
import { flag, text } from './fields.js';
import type { Found } from './found.js';

/** Who may call, as settings. */
export const authenticationSettings = {
  AUTH_MODE: z.enum(['none', 'jwt'], 'must be none or jwt').default('none'),
  /** Allows AUTH_MODE=none on an address that others can reach. */
  AUTH_ALLOW_NONE: flag,
  /** Where the issuer publishes the keys that it signs with. */
  JWT_JWKS_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    // They would end up in logs, and fetch takes none.
    .refine((url) => !/\/\/[^/]*@/.test(url), 'must have no user and no password')
    .optional(),
  /** PEM (SPKI or certificate), JWK or JWKS. */
  JWT_PUBLIC_KEY_FILE: text.optional(),
  /** What `iss` must be. */
  JWT_ISSUER: text.optional(),
  /** What `aud` must be or contain. */
  JWT_AUDIENCE: text.optional(),
};

/** A line for each setting that is right by itself, but not with the others. */
export function authenticationProblems(found: Found): string[] {
  const mode = authenticationSettings.AUTH_MODE.safeParse(found.value('AUTH_MODE')).data;
  if (mode === undefined) return [];
  return mode === 'jwt' ? problemsOfJwt(found) : problemsOfNone(found);
}

function problemsOfJwt(found: Found): string[] {
  const [url, file] = ['JWT_JWKS_URL', 'JWT_PUBLIC_KEY_FILE'];
  const problems: string[] = [];
  if (found.has(url) && found.has(file)) problems.push(`${file}: is set, and ${url} too; set one of them`);
  if (!found.has(url) && !found.has(file)) {
    problems.push(`${url}: is not set, nor is ${file}; AUTH_MODE=jwt needs one of them`);
  }
  const missing = ['JWT_ISSUER', 'JWT_AUDIENCE'].filter((name) => !found.has(name));
  return [...problems, ...missing.map((name) => `${name}: is not set; AUTH_MODE=jwt needs it`)];
}

function problemsOfNone(found: Found): string[] {
  // Whoever sets one of these believes that tokens are asked for.
  const useless = ['JWT_JWKS_URL', 'JWT_PUBLIC_KEY_FILE', 'JWT_ISSUER', 'JWT_AUDIENCE'].filter((name) =>
    found.has(name),
  );
  if (useless.length > 0) return useless.map((name) => `${name}: is set, but AUTH_MODE is none`);
  const host = text.safeParse(found.value('HOST') ?? 'localhost').data;
  const mayBeNone = authenticationSettings.AUTH_ALLOW_NONE.safeParse(found.value('AUTH_ALLOW_NONE')).data === true;
  // A HOST that is no address at all is told of already.
  if (mayBeNone || host === undefined || LOOPBACK.test(host)) return [];
  return [
    'AUTH_MODE: is none, but HOST is no loopback address; set AUTH_MODE=jwt, or AUTH_ALLOW_NONE=true to let anyone in',
  ];
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;
