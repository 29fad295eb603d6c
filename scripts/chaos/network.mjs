import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const DELAY_MS = 500;
/** Between two times that all connections are dropped. */
const DROP_INTERVAL_MS = 2_000;

/**
 * - `pass`: as if it were not there.
 * - `black-hole`: nothing arrives and nothing is closed; once it is over, what was on its way arrives late, as after a
 *   retransmission.
 * - `half-close`: requests arrive; in place of the answer comes the end of the stream.
 * - `reset`: connections are reset, new ones at once.
 * - `drop`: connections are closed every two seconds; new ones are let through.
 * - `delay`: everything takes half a second longer, each way.
 * @typedef {'pass' | 'black-hole' | 'half-close' | 'reset' | 'drop' | 'delay'} Behaviour
 */

/** @type {readonly Exclude<Behaviour, 'pass'>[]} */
export const FAULTY = ['black-hole', 'half-close', 'reset', 'drop', 'delay'];

/**
 * @typedef {object} Link a TCP proxy between one instance and one server
 * @property {number} port of the proxy
 * @property {number} serverPort
 * @property {(behaviour: Behaviour) => void} behave
 * @property {() => void} close
 */

/** @typedef {import('node:net').Socket} Socket */

/** @param {number} serverPort @returns {Promise<Link>} */
export async function openLink(serverPort) {
  /** @type {Behaviour} */
  let behaviour = 'pass';
  /** @type {Set<{ client: Socket, upstream: Socket }>} */
  const pairs = new Set();
  const now = () => behaviour;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (behaviour === 'reset') {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ port: serverPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const pair = { client, upstream };
    pairs.add(pair);
    const destroy = () => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on('error', destroy).on('close', destroy);
    forward(client, upstream, now, { answers: false });
    forward(upstream, client, now, { answers: true });
    if (behaviour === 'black-hole') pause(pair);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  /** @type {NodeJS.Timeout | undefined} */
  let dropping;

  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    serverPort,
    behave(wanted) {
      const before = behaviour;
      behaviour = wanted;
      clearInterval(dropping);
      const dropAll = () => pairs.forEach(({ client }) => client.destroy());
      if (wanted === 'drop') dropping = setInterval(dropAll, DROP_INTERVAL_MS);
      if (wanted === 'drop') dropAll();
      if (wanted === 'reset') pairs.forEach(({ client }) => client.resetAndDestroy());
      if (wanted === 'black-hole') pairs.forEach(pause);
      else if (before === 'black-hole') pairs.forEach(resume);
    },
    close() {
      clearInterval(dropping);
      server.close();
      pairs.forEach(({ client }) => client.destroy());
    },
  };
}

/**
 * @param {Socket} from @param {Socket} to @param {() => Behaviour} behaviour
 * @param {{ answers: boolean }} direction whether these are the server's answers
 */
function forward(from, to, behaviour, { answers }) {
  let isLost = false;
  let delivered = Promise.resolve();
  /** In the order of the calls, also when the behaviour changes between two. @param {() => void} deliver */
  const later = (deliver) => {
    const due = behaviour() === 'delay' ? performance.now() + DELAY_MS : 0;
    delivered = delivered.then(async () => {
      const wait = due - performance.now();
      if (wait > 0) await sleep(wait);
      deliver();
    });
  };
  from.on('data', (chunk) => {
    if (isLost) return;
    if (answers && behaviour() === 'half-close') {
      isLost = true;
      to.end();
      return;
    }
    later(() => {
      if (!to.writable || to.write(chunk)) return;
      from.pause();
      to.once('drain', () => behaviour() !== 'black-hole' && from.resume());
    });
  });
  from.on('end', () => later(() => to.end()));
}

/** @param {{ client: Socket, upstream: Socket }} pair */
function pause({ client, upstream }) {
  client.pause();
  upstream.pause();
}

/** @param {{ client: Socket, upstream: Socket }} pair */
function resume({ client, upstream }) {
  client.resume();
  upstream.resume();
}
