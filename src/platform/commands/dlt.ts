import type { Context } from '../context/define-context.js';
import { type DeadLetter, readDeadLetters, readOriginals } from '../consuming/dead-letters.js';
import { redrive, type FailedRedrive } from '../consuming/redrive.js';
import { isCodedError } from '../tools/errors.js';
import type { DependencyHealth } from '../tools/dependency.js';
import type { Subscription } from '../consuming/subscription.js';
import {
  type Command,
  findContext,
  type Flags,
  listModules,
  MODULE_OPTION,
  refusePositionals,
  UsageError,
} from './command.js';
import { printable, toJsonLine, toPage, toTable } from './print-dead-letters.js';
import { type Connections, withConnections, openContext } from './connections.js';

/** Resolves with the exit code. */
type Task = (connections: Connections) => Promise<number>;

/** By action: the flags that it takes besides `--module`, and its task. */
const ACTIONS: Readonly<
  Record<string, { flags: readonly string[]; toTask(flags: Flags, positionals: readonly string[]): Task }>
> = {
  list: { flags: ['all', 'json'], toTask: toList },
  show: { flags: [], toTask: toShow },
  redrive: { flags: ['all', 'key'], toTask: toRedrive },
};

export const dlt = (contexts: readonly Context[]): Command => ({
  usage: `dlt list|show|redrive --module ${listModules(contexts)}
  Lists or shows a module's dead letters (records that it could not apply), or applies them again.

  list [--all] [--json]             pending dead letters; --all: redriven ones too; --json: one JSON object per line
  show ID                           one dead letter, with its headers and its value
  redrive ID | --key KEY | --all    applies pending dead letters again, in log order; exits 1 if any still fails

  ID is the TOPIC/PARTITION/OFFSET of the record, as list prints it. Redriving marks each success as redriven. It is safe
  to repeat, also while the service runs. With the embedded log, stop the service before any of these.`,
  options: { ...MODULE_OPTION, all: { type: 'boolean' }, json: { type: 'boolean' }, key: { type: 'string' } },
  run: (flags, [name, ...positionals]) => {
    const action = ACTIONS[name ?? ''];
    if (!action) throw new UsageError(`dlt needs one of: ${Object.keys(ACTIONS).join(', ')}`);
    const unknown = Object.keys(flags).find((flag) => flag !== 'module' && !action.flags.includes(flag));
    if (unknown !== undefined) throw new UsageError(`dlt ${name} does not take --${unknown}`);
    const task = action.toTask(flags, positionals);
    return withConnections(findContext(contexts, flags), task);
  },
});

function toList({ all, json }: Flags, positionals: readonly string[]): Task {
  refusePositionals(positionals);
  return (connections) =>
    explainFailure(connections, async () => {
      if (await reportUnavailable(connections.bus)) return 1;
      const deadLetters: DeadLetter[] = [];
      for (const subscription of subscriptionsOf(connections)) {
        deadLetters.push(...(await readDeadLetters(connections.bus, subscription)));
      }
      const listed = all ? deadLetters : deadLetters.filter(isPending);
      if (json) for (const deadLetter of listed) console.log(toJsonLine(deadLetter));
      else if (listed.length > 0) console.log(toTable(listed).join('\n'));
      else console.log(describeEmptyList(deadLetters.length));
      return 0;
    });
}

function toShow(_flags: Flags, positionals: readonly string[]): Task {
  const [id, ...more] = positionals;
  if (id === undefined || more.length > 0) throw new UsageError('dlt show needs one ID');
  return (connections) =>
    explainFailure(connections, async () => {
      if (await reportUnavailable(connections.bus)) return 1;
      for (const subscription of subscriptionsOf(connections)) {
        const deadLetter = (await readDeadLetters(connections.bus, subscription)).find((each) => each.id === id);
        if (!deadLetter) continue;
        const originals = await readOriginals(connections.bus, [deadLetter]);
        console.log(toPage(deadLetter, originals.get(id)).join('\n'));
        return 0;
      }
      return reportUnknownId(id);
    });
}

function toRedrive({ all, key }: Flags, positionals: readonly string[]): Task {
  const [id, ...more] = positionals;
  const given = [id, key, all].filter((each) => each !== undefined);
  if (given.length !== 1 || more.length > 0) throw new UsageError('dlt redrive needs one of: ID, --key KEY, --all');
  const isChosen = (deadLetter: DeadLetter) =>
    all === true ||
    deadLetter.id === id ||
    (key !== undefined && deadLetter.latest.key?.equals(Buffer.from(String(key))));
  return (connections) =>
    explainFailure(connections, async () => {
      const { bus, database, interrupted } = connections;
      if ((await reportUnavailable(bus)) || (await reportUnavailable(database))) return 1;
      let chosen = 0;
      let redriven = 0;
      const failed: FailedRedrive[] = [];
      const { subscriptions, begin } = await openContext(connections);
      await begin(bus);
      for (const subscription of subscriptions) {
        const deadLetters = (await readDeadLetters(bus, subscription)).filter(isChosen);
        const pending = deadLetters.filter(isPending);
        const stillFailing = await redrive(bus, subscription, pending, interrupted);
        failed.push(...stillFailing);
        chosen += deadLetters.length;
        redriven += pending.length - stillFailing.length;
      }
      if (id !== undefined && chosen === 0) return reportUnknownId(id);
      const summary = `${redriven} redriven, ${failed.length} still failing.`;
      console.log(redriven + failed.length > 0 ? summary : 'Nothing to redrive.');
      for (const { id: failedId, reason } of failed) console.log(printable(`${failedId}  ${reason}`));
      return failed.length > 0 ? 1 : 0;
    });
}

function subscriptionsOf({ context, database, interrupted }: Connections): readonly Subscription[] {
  return context.open(database, { stopping: interrupted }).subscriptions;
}

function isPending({ pending }: DeadLetter): boolean {
  return pending.length > 0;
}

function describeEmptyList(redriven: number): string {
  return redriven > 0 ? `No pending dead letters; --all lists ${redriven} redriven.` : 'No dead letters.';
}

function reportUnknownId(id: string): number {
  console.error(printable(`there is no dead letter ${id}`));
  return 1;
}

async function reportUnavailable(dependency: { check(): Promise<DependencyHealth> }): Promise<boolean> {
  const { up, detail } = await dependency.check();
  if (!up) console.error(`${detail ?? 'a dependency is unavailable'}; nothing was done`);
  return !up;
}

/** Prints a failure in one line. It loses nothing: redriven dead letters are marked, and the others stay pending. */
async function explainFailure({ interrupted, logger }: Connections, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    logger.debug({ err: error }, 'command failed');
    const { name, message } = error as Error;
    const reason = interrupted.aborted || isCodedError(error) ? message : name;
    console.error(`${reason}; redriven dead letters are marked, the others are still pending: run it again`);
    return 1;
  }
}
