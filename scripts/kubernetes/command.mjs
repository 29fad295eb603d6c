import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { jobOf } from './job.mjs';

const help = `Runs a command of a service in the cluster, as a Job with a pod of its own.

  node scripts/kubernetes/command.mjs [--namespace NAME] [--memory SIZE] [--cpu CORES]
                                       CONTEXT COMMAND [ARGUMENTS]

  CONTEXT      accounts or orders: the image, the settings and --module are those of this Deployment
  --namespace  default: accounts-orders
  --memory     of the pod, for instance 2Gi; default: as much as the service's
  --cpu        cores of the pod, for instance 4; default: as many as the service's

For example: node scripts/kubernetes/command.mjs accounts verify --max-lag 60
             node scripts/kubernetes/command.mjs --memory 2Gi --cpu 4 accounts replay --workers 4
Prints what the command prints, and exits with its exit code. The Job is deleted after a day.
`;

/** @param {string[]} args @param {string} [input] @returns {string} */
function kubectl(args, input = '') {
  const { status, stdout, error } = spawnSync('kubectl', args, {
    encoding: 'utf8',
    input,
    stdio: ['pipe', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`kubectl ${args.slice(0, 4).join(' ')} failed`);
  return stdout.trim();
}

/** @param {string[]} args @returns {Promise<number>} the exit code */
async function main(args) {
  const options = /** @type {const} */ ({
    namespace: { type: 'string', default: 'accounts-orders' },
    memory: { type: 'string' },
    cpu: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  });
  // The command's own flags come after its name.
  const first = args.findIndex(
    (arg, index) => !arg.startsWith('-') && !/^--(namespace|memory|cpu)$/.test(args[index - 1] ?? ''),
  );
  const own = first < 0 ? args : args.slice(0, first);
  const { values } = parseArgs({ args: own, options });
  const [context, ...command] = first < 0 ? [] : args.slice(first);
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  if (context === undefined || command.length === 0) throw new Error('CONTEXT and COMMAND are required; see --help.');

  const inNamespace = ['--namespace', values.namespace];
  const deployment = JSON.parse(kubectl([...inNamespace, 'get', 'deployment', context, '--output', 'json']));
  const job = JSON.stringify(jobOf(deployment, command, values));
  const name = kubectl([...inNamespace, 'create', '--filename', '-', '--output', 'jsonpath={.metadata.name}'], job);
  const ofPod = (/** @type {string} */ path) =>
    kubectl([
      ...inNamespace,
      'get',
      'pods',
      '--selector',
      `batch.kubernetes.io/job-name=${name}`,
      '--output',
      `jsonpath={.items[*].status.${path}}`,
    ]);
  console.error(`job ${name}: waiting for its pod`);
  while (['', 'Pending'].includes(ofPod('phase'))) await sleep(1000);
  spawnSync('kubectl', [...inNamespace, 'logs', '--follow', `job/${name}`], { stdio: 'inherit' });
  for (;;) {
    const code = ofPod('containerStatuses[0].state.terminated.exitCode');
    if (code !== '') return Number(code);
    if (ofPod('phase') === 'Failed') throw new Error(`job ${name}: ${ofPod('message') || 'its pod failed'}`);
    await sleep(1000);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
