import { causesOf, whyNoConnection } from '../tools/connection-failure.js';

/** AuthenticationFailed, and what Atlas answers instead. */
const WRONG_LOGIN = new Set([18, 8000]);
const UNAUTHORIZED = 13;
const FILE = new Set(['ENOENT', 'EACCES', 'EISDIR']);

/**
 * Why a database cannot be used, for an operator; undefined where the server is just away.
 * @param setting whose value is the connection string
 */
export function reasonFor(error: unknown, setting: string, database: string): string | undefined {
  const causes = causesOf(error);
  const codes = causes.map(({ code }) => code);
  if (codes.some((code) => WRONG_LOGIN.has(Number(code))))
    return `MongoDB refuses the user or the password of ${setting}`;
  if (codes.includes(UNAUTHORIZED)) return `MongoDB does not let the user of ${setting} use database ${database}`;
  if (codes.some((code) => FILE.has(String(code)))) return `a file that ${setting} names (tlsCAFile) cannot be read`;
  const says = (pattern: RegExp) => causes.some(({ message }) => pattern.test(message));
  if (says(/^query(?:Srv|Txt) /)) return `DNS has no record (SRV) of the host of ${setting}`;
  const failure = whyNoConnection(codes);
  if (failure !== undefined) return `MongoDB ${failure} (${setting}, and tlsCAFile in it)`;
  return says(/ closed$|before secure TLS/)
    ? `MongoDB closes connections; if it always does, see tls in ${setting}`
    : undefined;
}
