import { z } from 'zod';

const text = z.string('must be text').trim().min(1, 'must not be empty');

/** Who may call, as settings. */
export const authenticationSettings = {
  AUTH_MODE: z.enum(['none', 'jwt'], 'must be none or jwt').default('none'),
  /** Allows AUTH_MODE=none on an address that others can reach. */
  AUTH_ALLOW_NONE: z.coerce
    .string()
    .regex(/^(true|false)$/, 'must be true or false')
    .default('false')
    .transform((value) => value === 'true'),
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

type Settings = z.infer<z.ZodObject<typeof authenticationSettings>> & { readonly HOST: string };

/** Refuses settings that are right each by itself, but not together; the issue names the setting. */
export function checkAuthentication(given: Settings, context: z.core.$RefinementCtx): void {
  const problem = given.AUTH_MODE === 'jwt' ? problemOfJwt(given) : problemOfNone(given);
  if (problem) context.addIssue({ code: 'custom', path: [problem.name], message: problem.message });
}

interface Problem {
  readonly name: keyof Settings;
  readonly message: string;
}

function problemOfJwt(given: Settings): Problem | undefined {
  const { JWT_JWKS_URL: url, JWT_PUBLIC_KEY_FILE: file } = given;
  if (url !== undefined && file !== undefined) {
    return { name: 'JWT_PUBLIC_KEY_FILE', message: 'is set, and JWT_JWKS_URL too; set one of them' };
  }
  if (url === undefined && file === undefined) {
    return { name: 'JWT_JWKS_URL', message: 'is not set, nor is JWT_PUBLIC_KEY_FILE; AUTH_MODE=jwt needs one of them' };
  }
  const missing = (['JWT_ISSUER', 'JWT_AUDIENCE'] as const).find((name) => given[name] === undefined);
  return missing && { name: missing, message: 'is not set; AUTH_MODE=jwt needs it' };
}

function problemOfNone(given: Settings): Problem | undefined {
  const names = ['JWT_JWKS_URL', 'JWT_PUBLIC_KEY_FILE', 'JWT_ISSUER', 'JWT_AUDIENCE'] as const;
  const useless = names.find((name) => given[name] !== undefined);
  // Whoever sets it believes that tokens are asked for.
  if (useless) return { name: useless, message: 'is set, but AUTH_MODE is none' };
  // A HOST that is no address at all is told of already.
  if (given.AUTH_ALLOW_NONE || given.HOST === '' || LOOPBACK.test(given.HOST)) return undefined;
  return {
    name: 'AUTH_MODE',
    message: 'is none, but HOST is no loopback address; set AUTH_MODE=jwt, or AUTH_ALLOW_NONE=true to let anyone in',
  };
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;
