import { text } from './fields.js';

/**
 * Options that what is promised rests on (acknowledged is kept, read is committed), or how documents are read; with the
 * value that says what holds anyway, where there is one. By their names in lower case, as the driver compares them.
 */
const OURS: Readonly<Record<string, string | undefined>> = {
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

/** A connection string's parts as the driver takes them; a `?` before the hosts belongs to the password. */
const PARTS = /^[^/]+:\/\/(?:[^:@]*(?::[^@]*)?@)?[^/?@]+(?:\/[^?]*)?(?:\?(?<options>.*))?$/s;

/** A MongoDB connection string that leaves to the process what it has to decide. */
export const mongoDbUri = text
  .regex(/^mongodb(\+srv)?:\/\/./, 'must begin with mongodb:// or mongodb+srv://')
  .superRefine((uri, context) => {
    const names = forbiddenOptions(uri);
    if (names.length === 0) return;
    const which = names.length === 1 ? 'option' : 'options';
    context.addIssue({
      code: 'custom',
      message: `must not have the ${which} ${names.join(', ')}; reads and writes go to the primary, by majority and journaled`,
    });
  })
  .optional();

/** Names of the options that may not be there, or not with that value. */
function forbiddenOptions(uri: string): string[] {
  const options = new URLSearchParams(PARTS.exec(uri)?.groups?.options);
  const names = [...options]
    .filter(([name, value]) => name.toLowerCase() in OURS && OURS[name.toLowerCase()] !== value)
    .map(([name]) => name);
  return [...new Set(names)];
}
