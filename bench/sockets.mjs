import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const ESTABLISHED = '01';

/**
 * Counts the connections of a process to these ports; NaN where the system does not tell.
 * @param {number} pid @param {readonly number[]} ports
 */
export function connectionsTo(pid, ports) {
  try {
    const own = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => inodeOf(`/proc/${pid}/fd/${fd}`)));
    const sockets = ['tcp', 'tcp6'].flatMap((file) =>
      readFileSync(`/proc/${pid}/net/${file}`, 'utf8').trim().split('\n'),
    );
    return sockets.filter((line) => {
      const [, , remote = '', state, , , , , , inode] = line.trim().split(/\s+/);
      return state === ESTABLISHED && own.has(inode) && ports.includes(parseInt(remote.split(':')[1] ?? '', 16));
    }).length;
  } catch {
    return Number.NaN;
  }
}

/** @param {string} path */
function inodeOf(path) {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1];
  } catch {
    // Closed meanwhile.
    return undefined;
  }
}
