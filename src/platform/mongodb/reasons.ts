import { type Cause, causesOf, whyNoConnection } from '../tools/connection-failure.js';

/** AuthenticationFailed, and what Atlas answers instead. */
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
 * Why a database cannot be used, for an operator; undefined where the server is just away.
 * @param setting whose value is the connection string
 * @param hosts that it names
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
    return `MongoDB refuses the user or the password of ${setting}`;
  if (codes.includes(UNAUTHORIZED)) return `MongoDB does not let the user of ${setting} use database ${database}`;
  if (codes.some((code) => FILE.has(String(code)))) return `a file that ${setting} names (tlsCAFile) cannot be read`;
  const says = (pattern: RegExp) => causes.some(({ message }) => pattern.test(message));
  if (says(/^query(?:Srv|Txt) /)) return `DNS has no record (SRV) of the host of ${setting}`;
  const failure = whyNoConnection(codes);
  if (failure !== undefined) return `MongoDB ${failure} (${setting}, and tlsCAFile in it)`;
  if (says(/ closed$|before secure TLS/)) return `MongoDB closes connections; if it always does, see tls in ${setting}`;
  const setName = missingSetOf(causes);
  return setName === undefined
    ? undefined
    : `MongoDB at ${hosts.join(', ')} is not in the replica set '${setName}' that ${setting} asks for (replicaSet); ` +
        'db.hello().setName tells in which one it is';
}

/**
 * The replica set that no server belongs to: the driver forgets a server that belongs to another one or to none, and
 * keeps one that it cannot reach.
 */
function missingSetOf(causes: readonly Cause[]): string | undefined {
  const topologies = causes.flatMap((cause) => ('reason' in cause ? [cause.reason as Topology] : []));
  const empty = topologies.find(({ type, servers }) => type === 'ReplicaSetNoPrimary' && servers.size === 0);
  return empty?.setName ?? undefined;
}
