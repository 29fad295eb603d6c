import { parseArgs } from 'node:util';
import { moveTo, services } from './gateway/move.mjs';

const help = `Moves the gateway to other instances of the services, while requests come: from one process to two, and back.

  node scripts/split.mjs --gateway SOCKET [--accounts INSTANCE,...] [--orders INSTANCE,...]

  --gateway SOCKET    the gateway's GATEWAY_ADMIN_SOCKET
  --accounts, --orders
                      who takes this service's requests from now on, as IP:PORT:MANAGEMENT_PORT; both may be the same.
                      A service that is not named stays where it is

Each of them must be ready. They begin to get requests; the others get no more, and finish what they have. When it ends
well, the others can be stopped. The gateway forgets it when it restarts: set its ACCOUNTS_HOST and the like, too.
Exit codes: 0 done, 1 failed, 2 wrong usage.
`;

/** @param {string[]} args @returns {Promise<number>} the exit code */
async function main(args) {
  const { gateway, help: asked, ...instances } = parse(args);
  if (asked) {
    process.stdout.write(help);
    return 0;
  }
  if (gateway === undefined) throw new WrongUsage('--gateway: name the socket; --help tells more.');
  const wanted = services.flatMap((service) => {
    const text = instances[service];
    return text === undefined ? [] : [{ service, instances: text.split(',').map((each) => instance(service, each)) }];
  });
  if (wanted.length === 0) throw new WrongUsage('Say --accounts, --orders or both; --help tells more.');
  await moveTo(gateway, wanted, console.log);
  return 0;
}

class WrongUsage extends Error {}

/** @param {string[]} args */
function parse(args) {
  const string = /** @type {const} */ ({ type: 'string' });
  const options = {
    gateway: string,
    accounts: string,
    orders: string,
    help: /** @type {const} */ ({ type: 'boolean' }),
  };
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new WrongUsage(/** @type {Error} */ (error).message);
  }
}

/** @param {string} service @param {string} text */
function instance(service, text) {
  const [, host, port, healthPort] = /^(\d+(?:\.\d+){3}):(\d+):(\d+)$/.exec(text) ?? [];
  if (host === undefined) throw new WrongUsage(`--${service}: "${text}" is not IP:PORT:MANAGEMENT_PORT.`);
  return { host, port: Number(port), healthPort: Number(healthPort) };
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof WrongUsage ? 2 : 1;
}
