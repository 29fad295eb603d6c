import type { z } from 'zod';

/** Returns what a record says; undefined if the schema does not fit. Topics may have records of anybody. */
export function stated<Schema extends z.ZodType>(schema: Schema, value: Buffer | null): z.output<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(String(value))).data;
  } catch {
    return undefined;
  }
}
