import { type Cause, causesOf, whyNoConnection } from '../tools/connection-failure.js';

/** AuthenticationFailed, and the code that Atlas sends instead. */
const WRONG_LOGIN = new Set([18, 8000]);
const UNAUTHORIZED = 13;
const FILE = new Set(['ENOENT', 'EACCES', 'EISDIR']);

/** What the driver knows of the servers, as the error has it that says that none can be selected. */
interface Topology {
  readonly type: string;
  readonly setName: string | null;
  readonly servers: ReadonlyMap<string, unknown>;
}

/**
 * Returns the reason why a database cannot be used, for operators; undefined when the server just does not answer.
 * @param setting the setting with the connection string
 * @param hosts the hosts that it names
 */
export function reasonFor(
  error: unknown,
  setting: string,
  database: string,
  hosts: readonly string[],
): string | undefined {
  const causes = causesOf(error);
  const codes = causes.map(({ code }) => code);
  if (codes.some((code) => WRONG_LOGIN.has(Number(code))))
    return `MongoDB rejects the user or the password in ${setting}`;
  if (codes.includes(UNAUTHORIZED)) return `the user in ${setting} is not authorized for MongoDB database ${database}`;
  if (codes.some((code) => FILE.has(String(code)))) return `a file named in ${setting} (tlsCAFile) cannot be read`;
  const says = (pattern: RegExp) => causes.some(({ message }) => pattern.test(message));
  if (says(/^query(?:Srv|Txt) /)) return `DNS has no SRV record for the host in ${setting}`;
  const failure = whyNoConnection(codes);
  if (failure !== undefined) return `MongoDB ${failure} (${setting}, and tlsCAFile in it)`;
 * Returns the reason why a database cannot be used, for operators; undefined when the server just does not answer.
 * @param setting the setting with the connection string
 * @param hosts the hosts that it names
}
