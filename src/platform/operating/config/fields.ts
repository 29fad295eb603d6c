import { z } from 'zod';

/** Trimmed and not empty. */
export const text = z.string('must be text').trim().min(1, 'must not be empty');

/** Not trimmed: blanks belong to the secret. */
export const secret = z.string('must be text').min(1, 'must not be empty');

/** One of these names, case-insensitive. */
export const oneOf = <const Name extends string>(...names: readonly Name[]) =>
  z
    .string('must be text')
    .trim()
    .toUpperCase()
    .pipe(z.enum(names, `must be ${names.slice(0, -1).join(', ')} or ${String(names.at(-1))}`));

export const flag = z.coerce
  .string()
  .regex(/^(true|false)$/, 'must be true or false')
  .default('false')
  .transform((value) => value === 'true');

export const integer = (min: number, max: number) =>
  z.coerce
    .number('must be a number')
    .int('must be an integer')
    .min(min, `must be at least ${min}`)
    .max(max, `must be at most ${max}`);

export const port = (fallback: number) =>
  z.coerce
    .number('must be a port number')
    .int('must be a port number')
    .min(0, 'must be a port number')
    .max(65_535, 'must be a port number')
    .default(fallback);

/** Of a service that sends keys: without encryption they could be read, or replaced, on the way. */
export const safeUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
  // Credentials in the URL would be logged, and fetch refuses them.
  .refine((url) => !/\/\/[^/]*@/.test(url), 'must not contain credentials')
  .refine(isSafeUrl, 'must be an https URL, unless the host is a loopback address');

function isSafeUrl(url: string): boolean {
  // What is no URL has been reported already.
  if (!URL.canParse(url)) return true;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'));
}

/** True for a host that no other machine can reach. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host);
}
