import { z } from 'zod';
import { flag, isLoopback, safeUrl, text } from './fields.js';
import type { RawSettings } from './raw-settings.js';

/** The settings of authentication. */
export const authenticationSettings = {
  AUTH_MODE: z.enum(['none', 'jwt'], 'must be none or jwt').default('none'),
  /** Allows AUTH_MODE=none on an address that other machines can reach. */
  AUTH_ALLOW_NONE: flag,
  /** With AUTH_MODE=none: host names in addition to localhost and addresses, separated by commas. */
  ALLOWED_HOSTS: z
    .string('must be text')
    .regex(/^[\w.-]+(\s*,\s*[\w.-]+)*$/, 'must be host names without ports, separated by commas')
    .transform((names) => names.split(/\s*,\s*/))
    .optional(),
  /** URL of the issuer's public signing keys. */
  JWT_JWKS_URL: safeUrl.optional(),
  /** PEM (SPKI or certificate), JWK or JWKS. */
  JWT_PUBLIC_KEY_FILE: text.optional(),
  /** The required `iss` claim. */
  JWT_ISSUER: text.optional(),
  /** The `aud` claim must equal or contain this. */
  JWT_AUDIENCE: text.optional(),
  /** Requires tokens to say that they are access tokens (RFC 9068). ID tokens are never accepted. */
  JWT_REQUIRE_TYPE: flag,
  /** `claim`: tokens with a `:self` scope are restricted to the customer that JWT_CUSTOMER_CLAIM names. */
  AUTH_OWNERSHIP: z.enum(['none', 'claim'], 'must be none or claim').default('none'),
  /** With AUTH_OWNERSHIP=claim: the claim with the customer's id. */
  JWT_CUSTOMER_CLAIM: text.default('customer_id'),
};

/** Returns a line for each setting that is valid alone but not together with the others. */
export function authenticationProblems(raw: RawSettings): string[] {
  const mode = authenticationSettings.AUTH_MODE.safeParse(raw.value('AUTH_MODE')).data;
  if (mode === undefined) return [];
  return [...(mode === 'jwt' ? problemsOfJwt(raw) : problemsOfNone(raw)), ...problemsOfOwnership(raw, mode)];
}

function problemsOfOwnership(raw: RawSettings, mode: 'none' | 'jwt'): string[] {
  const ownership = authenticationSettings.AUTH_OWNERSHIP.safeParse(raw.value('AUTH_OWNERSHIP')).data;
  if (ownership === 'claim' && mode === 'none') return ['AUTH_OWNERSHIP: is claim, but AUTH_MODE is none'];
  // A set claim shows that ownership was meant to be checked.
  if (ownership !== 'none' || !raw.has('JWT_CUSTOMER_CLAIM')) return [];
  return ['JWT_CUSTOMER_CLAIM: is set, but AUTH_OWNERSHIP is none'];
}

function problemsOfJwt(raw: RawSettings): string[] {
  const [url, file] = ['JWT_JWKS_URL', 'JWT_PUBLIC_KEY_FILE'];
  const problems: string[] = [];
  if (raw.has(url) && raw.has(file)) problems.push(`${file}: is set, and so is ${url}; set one of them`);
  if (!raw.has(url) && !raw.has(file)) {
    problems.push(`${url}: is not set, nor is ${file}; AUTH_MODE=jwt needs one of them`);
  }
  const missing = ['JWT_ISSUER', 'JWT_AUDIENCE'].filter((name) => !raw.has(name));
  return [...problems, ...missing.map((name) => `${name}: is not set; AUTH_MODE=jwt needs it`)];
}

function problemsOfNone(raw: RawSettings): string[] {
  // A set JWT_... setting shows that tokens were meant to be required.
  const unused = ['JWT_JWKS_URL', 'JWT_PUBLIC_KEY_FILE', 'JWT_ISSUER', 'JWT_AUDIENCE'].filter((name) => raw.has(name));
  if (unused.length > 0) return unused.map((name) => `${name}: is set, but AUTH_MODE is none`);
  const host = text.safeParse(raw.value('HOST') ?? 'localhost').data;
  const mayBeNone = authenticationSettings.AUTH_ALLOW_NONE.safeParse(raw.value('AUTH_ALLOW_NONE')).data === true;
  // An invalid HOST has been reported already.
  if (mayBeNone || host === undefined || isLoopback(host)) return [];
  return [
    'AUTH_MODE: is none, but HOST is not a loopback address; set AUTH_MODE=jwt, or AUTH_ALLOW_NONE=true to allow any caller',
  ];
}
