import { setTimeout as sleep } from 'node:timers/promises';
import { enroll, finish, relieve, serversOf } from './runtime.mjs';

/** @typedef {'accounts' | 'orders'} Service */
/** @typedef {{ host: string, port: number, healthPort: number }} Instance */
/** @typedef {{ service: Service, instances: Instance[] }} Wanted */

/** @type {Service[]} */
export const services = ['accounts', 'orders'];

const patienceMs = 60_000;

/**
 * Makes these instances, and no others, take the services' requests. Resolves when the others have finished theirs.
 * @param {string} socket @param {Wanted[]} wanted @param {(line: string) => void} log
 * @throws Error when an instance is not ready, or the others do not finish in a minute; what takes requests goes on
 */
export async function moveTo(socket, wanted, log) {
  for (const { service, instances } of wanted) for (const instance of instances) await expectReady(service, instance);

  for (const { service, instances } of wanted)
    for (const instance of instances) await enroll(socket, service, instance);
  for (const { service, instances } of wanted)
    await until(`the gateway finds every new instance of ${service} well`, async () => {
      const servers = await serversOf(socket, service);
      return instances.every((instance) => servers.some((server) => isAt(server, instance) && server.isUp));
    });

  const old = await Promise.all(
    wanted.map(async ({ service, instances }) => {
      const others = (await serversOf(socket, service)).filter(
        (server) => !server.isOut && !instances.some((instance) => isAt(server, instance)),
      );
      return { service, names: others.map(({ name }) => name) };
    }),
  );
  for (const { service, names } of old) for (const name of names) await relieve(socket, service, name);
  for (const { service, instances } of wanted)
    log(`${service}: ${instances.map(({ host, port }) => `${host}:${port}`).join(', ')} takes the requests`);
  for (const { service, names } of old) {
    await until(`the others finish what they have of ${service}`, async () =>
      (await serversOf(socket, service)).every(({ name, requests }) => !names.includes(name) || requests === 0),
    );
    for (const name of names) await finish(socket, service, name);
  }
  log('The others have no request left and can be stopped.');
}

/** @param {Service} service @param {Instance} instance */
async function expectReady(service, { host, healthPort }) {
  const url = `http://${host}:${healthPort}`;
  /** @type {Response[]} */
  let answers;
  try {
    const signal = AbortSignal.timeout(5_000);
    answers = await Promise.all(['/health/ready', '/info'].map((path) => fetch(url + path, { signal })));
  } catch {
    throw new Error(`--${service}: nothing answers at ${url}/health/ready`);
  }
  /** @type {any[]} */
  const [ready, info] = await Promise.all(answers.map((answer) => answer.json()));
  if (ready.status === 'not-ready') throw new Error(`--${service}: the instance with ${url} is not ready`);
  if (!info.modules.includes(service))
    throw new Error(`--${service}: the instance with ${url} is ${info.modules.join(', ')}`);
}

/** @param {{ address: string }} server @param {Instance} instance */
function isAt({ address }, { host, port }) {
  return address === `${host}:${port}`;
}

/** @param {string} what @param {() => Promise<boolean>} isSo */
async function until(what, isSo) {
  for (const deadline = Date.now() + patienceMs; !(await isSo()); await sleep(100))
    if (Date.now() > deadline) throw new Error(`It took too long until ${what}.`);
}
