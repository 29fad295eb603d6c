import { parseArgs } from 'node:util';
import { moveTo, services } from './gateway/move.mjs';

const help = `Moves the gateway to other instances of the services without downtime: from one process to two, or back.

  node scripts/split.mjs --gateway SOCKET [--accounts INSTANCE,...] [--orders INSTANCE,...]

  --gateway SOCKET    the gateway's GATEWAY_ADMIN_SOCKET
  --accounts, --orders
                      the service's new instances, as IP:PORT:MANAGEMENT_PORT; both services may have the same.
                      A service that is not given is not moved

The instances must be ready. They get all new requests; the others finish theirs, and can be stopped after the script
has succeeded. The change is lost when the gateway restarts: update its settings (ACCOUNTS_HOST and so on), too.
Exit codes: 0 done, 1 failed, 2 wrong usage.
`;

/** @param {string[]} args @returns {Promise<number>} the exit code */
async function main(args) {
  const { gateway, help: asked, ...instances } = parse(args);
  if (asked) {
    process.stdout.write(help);
    return 0;
  }
  if (gateway === undefined) throw new WrongUsage('--gateway: the socket is required; see --help.');
  const wanted = services.flatMap((service) => {
    const text = instances[service];
    return text === undefined ? [] : [{ service, instances: text.split(',').map((each) => instance(service, each)) }];
  });
  if (wanted.length === 0) throw new WrongUsage('--accounts, --orders or both are required; see --help.');
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
