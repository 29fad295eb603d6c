import { connect } from 'node:net';

/**
 * HAProxy's runtime API, as far as moving needs it.
 * @typedef {object} Server
 * @property {string} name
 * @property {string} address IP:PORT
 * @property {boolean} isUp it gets requests
 * @property {boolean} isOut it is in maintenance: it gets none, and is not looked at
 * @property {number} requests that it is at, or that wait for it
 */

// What haproxy.cfg gives every instance. The runtime API takes nothing over from there.
const manners =
  'inter 1s fastinter 250ms downinter 500ms fall 2 rise 2 maxconn 500 observe layer7 error-limit 20 on-error mark-down';

/** @param {string} socket @param {string} service @returns {Promise<Server[]>} */
export async function serversOf(socket, service) {
  const [head = '', ...lines] = (await ask(socket, `show stat ${service} 4 -1`)).trim().split('\n');
  const columns = head.replace(/^# /, '').split(',');
  return lines.map((line) => {
    const values = line.split(',');
    const column = (/** @type {string} */ name) => values[columns.indexOf(name)] ?? '';
    const status = column('status');
    return {
      name: column('svname'),
      address: column('addr'),
      isUp: /^UP/.test(status) && /^(\* )?L\dOK/.test(column('check_status')),
      isOut: /^MAINT/.test(status),
      requests: Number(column('scur')) + Number(column('qcur')),
    };
  });
}

/**
 * Makes an instance one that gets requests as soon as it is found well.
 * @param {string} socket @param {string} service @param {import('./move.mjs').Instance} instance
 */
export async function enroll(socket, service, { host, port, healthPort }) {
  const address = `${host}:${port}`;
  const known = (await serversOf(socket, service)).find((server) => server.address === address);
  const name = `${service}/${known?.name ?? address}`;
  if (!known) {
    await tell(socket, `add server ${name} ${address} check port ${healthPort} ${manners}`);
    await tell(socket, `enable health ${name}`);
  }
  await tell(socket, `set server ${name} state ready`);
}

/** It gets no new request. @param {string} socket @param {string} service @param {string} name */
export async function relieve(socket, service, name) {
  await tell(socket, `set server ${service}/${name} state drain`);
}

/** It is not looked at any more. @param {string} socket @param {string} service @param {string} name */
export async function finish(socket, service, name) {
  await tell(socket, `set server ${service}/${name} state maint`);
}

/** @param {string} socket @param {string} command */
async function tell(socket, command) {
  const answer = (await ask(socket, command)).trim();
  if (answer !== '' && !/^New server registered/.test(answer))
    throw new Error(`The gateway refuses "${command}": ${answer}`);
}

/** @param {string} path @param {string} command @returns {Promise<string>} */
async function ask(path, command) {
  const socket = connect(path);
  socket.setTimeout(5_000, () => socket.destroy(new Error('no answer')));
  socket.write(`${command}\n`);
  let answer = '';
  try {
    for await (const chunk of socket) answer += String(chunk);
  } catch (error) {
    throw new Error(
      `--gateway: nothing answers at ${path} (${/** @type {NodeJS.ErrnoException} */ (error).code ?? 'no answer'})`,
    );
  }
  return answer;
}
