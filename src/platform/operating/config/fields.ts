import { z } from 'zod';

/** Trimmed, and not empty. */
export const text = z.string('must be text').trim().min(1, 'must not be empty');

/** As it is, blanks included. */
export const secret = z.string('must be text').min(1, 'must not be empty');

/** One of these, in capitals or not. */
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

export const whole = (least: number, most: number) =>
  z.coerce
    .number('must be a number')
    .int('must be whole')
    .min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`);

export const port = (fallback: number) =>
  z.coerce
    .number('must be a port')
    .int('must be a port')
    .min(0, 'must be a port')
    .max(65_535, 'must be a port')
    .default(fallback);
