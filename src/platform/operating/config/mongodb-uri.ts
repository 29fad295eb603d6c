import { text } from './fields.js';

/**
 * Options that the service decides itself, because durability, read guarantees or the reading of documents depend on
 * them; each with the only value that is accepted, if any. Lower case: the driver ignores the case of names.
 */
const RESERVED_OPTIONS: Readonly<Record<string, string | undefined>> = {
  w: 'majority',
  journal: 'true',
  j: 'true',
  readconcernlevel: 'majority',
  readpreference: 'primary',
  readpreferencetags: undefined,
  maxstalenessseconds: undefined,
  wtimeoutms: '0',
  wtimeout: '0',
  fsync: undefined,
  writeconcern: undefined,
  readconcern: undefined,
  raw: undefined,
  fieldsasraw: undefined,
  bsonregexp: undefined,
  checkkeys: undefined,
  forceserverobjectid: undefined,
  ignoreundefined: undefined,
  promotebuffers: undefined,
  promotelongs: undefined,
  promotevalues: undefined,
  serializefunctions: undefined,
};

/** Splits a connection string as the driver does; a `?` before the hosts belongs to the password. */
const PARTS = /^[^/]+:\/\/(?:[^:@]*(?::[^@]*)?@)?[^/?@]+(?:\/[^?]*)?(?:\?(?<options>.*))?$/s;

/** A MongoDB connection string without reserved options. */
export const mongoDbUri = text
  .regex(/^mongodb(\+srv)?:\/\/./, 'must begin with mongodb:// or mongodb+srv://')
  .superRefine((uri, context) => {
    const names = forbiddenOptions(uri);
    if (names.length === 0) return;
    const which = names.length === 1 ? 'option' : 'options';
    context.addIssue({
      code: 'custom',
      message: `must not have the ${which} ${names.join(', ')}; reads and writes always use the primary with majority concern and journal`,
    });
  })
  .optional();

/** Returns the names of reserved options with values that are not accepted. */
function forbiddenOptions(uri: string): string[] {
  const options = new URLSearchParams(PARTS.exec(uri)?.groups?.options);
  const names = [...options]
    .filter(([name, value]) => name.toLowerCase() in RESERVED_OPTIONS && RESERVED_OPTIONS[name.toLowerCase()] !== value)
    .map(([name]) => name);
  return [...new Set(names)];
}
