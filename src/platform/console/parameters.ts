import { z } from 'zod';
import { PlatformError } from '../tools/errors.js';

/** A name or an id. */
export const TEXT = z.string().min(1).max(300);
/** The dead letters of a module for a topic. */
export const LETTERS = z.object({ module: TEXT, topic: TEXT });

/** Returns parameters that fit a schema. @throws PlatformError `invalid` that names each one that does not */
export function parsed<Schema extends z.ZodType>(schema: Schema, parameters: unknown): z.output<Schema> {
  const result = schema.safeParse(parameters);
  if (result.success) return result.data;
  const errors = result.error.issues.map(({ path, message }) => ({
    pointer: `/${path.map(String).join('/')}`,
    message,
  }));
  throw new PlatformError('invalid', 'invalid-parameters', 'some parameters are invalid', errors);
}
