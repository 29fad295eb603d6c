import { type Cause, causesOf, whyNoConnection } from '../tools/connection-failure.js';

/** AuthenticationFailed, and the code that Atlas sends instead. */
const WRONG_LOGIN = new Set([18, 8000]);
const UNAUTHORIZED = 13;
const FILE = new Set(['ENOENT', 'EACCES', 'EISDIR']);

/** The driver's knowledge of the servers, in the error that says that it can select none. */
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
  if (says(/ closed$|before secure TLS/))
    return `MongoDB closes connections; if this persists, check tls in ${setting}`;
  const setName = missingSetOf(causes);
  return setName === undefined
    ? undefined
    : `MongoDB at ${hosts.join(', ')} is not in the replica set '${setName}' that ${setting} asks for (replicaSet); ` +
        'db.hello().setName names its replica set';
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
