import type { Context } from '../context/define-context.js';
import {
  findDeadLetter,
  groupDeadLetters,
  type DeadLetterPage,
  listDeadLetters,
} from '../consuming/browse-dead-letters.js';
import { type DiscardOutcome, discardSelected, refuseReason } from '../consuming/discard.js';
import { redriveSelected, type RedriveOutcome } from '../consuming/redrive.js';
import type { Selection } from '../consuming/select-dead-letters.js';
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
import { openContext } from '../maintenance/connections.js';
import { type Connections, withConnections } from './connections.js';
import { printable, toGroupTable, toJsonLine, toPage, toTable } from './print-dead-letters.js';

/** Resolves with the exit code. */
type Task = (connections: Connections) => Promise<number>;

/** Dead letters that are listed from one reading of their topic. */
const PAGE_SIZE = 10_000;

const SELECTION = ['all', 'key', 'failed-with'];

/** By action: the flags that it takes besides `--module`, and its task. */
const ACTIONS: Readonly<
  Record<string, { flags: readonly string[]; toTask(flags: Flags, positionals: readonly string[]): Task }>
> = {
  list: { flags: ['all', 'json', 'group-by'], toTask: toList },
  show: { flags: [], toTask: toShow },
  redrive: { flags: SELECTION, toTask: toRedrive },
  discard: { flags: [...SELECTION, 'reason'], toTask: toDiscard },
};

export const dlt = (contexts: readonly Context[]): Command => ({
  usage: `dlt list|show|redrive|discard --module ${listModules(contexts)}
  Lists or shows a module's dead letters (records that it could not apply), applies them again, or discards them.

  list [--all] [--json]             pending dead letters; --all: redriven and discarded ones too; --json: one JSON
                                    object per line
  list --group-by reason|type       their numbers by reason or by event type, with the first and the last time
  show ID                           one dead letter, with its headers and its value
  redrive SELECTION                 applies pending dead letters again, in log order; exits 1 if any still fails
  discard SELECTION --reason TEXT   marks pending dead letters as discarded: nobody will apply them

  SELECTION is one of: ID, --key KEY, --failed-with REASON (as list prints it), --all.
  ID is the TOPIC/PARTITION/OFFSET of the record, as list prints it. Redriving marks each success as redriven. Discarding
  deletes and applies nothing: redrive ID still applies a discarded one, the other selections skip it. TEXT is kept
  permanently, so it must not contain personal data; no name of a user is recorded. Both are safe to repeat, also while
  the service runs. With the embedded log, stop the service before any of these.

  'healed' beside a pending one: the module has applied a newer event of the same aggregate, which makes up for it.`,
  options: {
    ...MODULE_OPTION,
    all: { type: 'boolean' },
    json: { type: 'boolean' },
    key: { type: 'string' },
    'failed-with': { type: 'string' },
    'group-by': { type: 'string' },
    reason: { type: 'string' },
  },
  run: (flags, [name, ...positionals]) => {
    const action = Object.hasOwn(ACTIONS, name ?? '') ? ACTIONS[name ?? ''] : undefined;
    if (!action) throw new UsageError(`dlt needs one of: ${Object.keys(ACTIONS).join(', ')}`);
    const unknown = Object.keys(flags).find((flag) => flag !== 'module' && !action.flags.includes(flag));
    if (unknown !== undefined) throw new UsageError(`dlt ${name} does not take --${unknown}`);
    const task = action.toTask(flags, positionals);
    return withConnections(findContext(contexts, flags), task);
  },
});

function toList(flags: Flags, positionals: readonly string[]): Task {
  refusePositionals(positionals);
  const by = flags['group-by'];
  if (by !== undefined && by !== 'reason' && by !== 'type') throw new UsageError('--group-by: expected reason or type');
  if (by !== undefined && flags.json) throw new UsageError('--group-by and --json cannot be used together');
  return (connections) =>
    explainFailure(connections, async () => {
      if (await reportUnavailable(connections.bus)) return 1;
      const state = flags.all ? undefined : 'pending';
      if (by === undefined) await printList(connections, state, flags.json === true);
      else await printGroups(connections, by, state);
      return 0;
    });
}

async function printList(connections: Connections, state: 'pending' | undefined, isJson: boolean): Promise<void> {
  const { bus, database } = connections;
  const { up, detail = 'the database is unavailable' } = await database.check();
  if (!up) console.error(`${detail}; dead letters that newer events have healed are not marked`);
  const counts = { pending: 0, redriven: 0, discarded: 0 };
  for (const subscription of subscriptionsOf(connections)) {
    let page: DeadLetterPage | undefined;
    do {
      const options = { state, after: page?.next, limit: PAGE_SIZE, positions: up ? database.positions : undefined };
      page = await listDeadLetters(bus, subscription, options);
      if (isJson) for (const deadLetter of page.items) console.log(toJsonLine(deadLetter));
      else if (page.items.length > 0) console.log(toTable(page.items).join('\n'));
    } while (page.next !== undefined);
    for (const each of ['pending', 'redriven', 'discarded'] as const) counts[each] += page.counts[each];
  }
  const isEmpty = counts.pending === 0 && (state === 'pending' || counts.redriven + counts.discarded === 0);
  if (isEmpty && !isJson) console.log(describeEmptyList(counts));
}

async function printGroups(
  connections: Connections,
  by: 'reason' | 'type',
  state: 'pending' | undefined,
): Promise<void> {
  for (const subscription of subscriptionsOf(connections)) {
    const groups = await groupDeadLetters(connections.bus, subscription, by, state);
    if (groups.length > 0) console.log([subscription.topic, ...toGroupTable(by, groups)].join('\n'));
  }
}

function toShow(_flags: Flags, positionals: readonly string[]): Task {
  const [id, ...more] = positionals;
  if (id === undefined || more.length > 0) throw new UsageError('dlt show needs one ID');
  return (connections) =>
    explainFailure(connections, async () => {
      if (await reportUnavailable(connections.bus)) return 1;
      for (const subscription of subscriptionsOf(connections)) {
        const found = await findDeadLetter(connections.bus, subscription, id);
        if (!found) continue;
        console.log(toPage(found.deadLetter, found.original).join('\n'));
        return 0;
      }
      return reportUnknownId(id);
    });
}

function toRedrive(flags: Flags, positionals: readonly string[]): Task {
  const selection = toSelection('redrive', flags, positionals);
  return (connections) =>
    explainFailure(connections, async () => {
      const { bus, database, interrupted } = connections;
      if ((await reportUnavailable(bus)) || (await reportUnavailable(database))) return 1;
      const outcomes: RedriveOutcome[] = [];
      const { subscriptions, begin } = await openContext(connections, interrupted);
      await begin(bus);
      for (const subscription of subscriptions)
        outcomes.push(...(await redriveSelected(bus, subscription, selection, interrupted)));
      if ('id' in selection && outcomes.length === 0) return reportUnknownId(selection.id);
      const redriven = outcomes.filter(({ outcome }) => outcome === 'redriven').length;
      const failed = outcomes.flatMap((each) => (each.outcome === 'failed' ? [each] : []));
      const summary = `${redriven} redriven, ${failed.length} still failing.`;
      console.log(redriven + failed.length > 0 ? summary : 'Nothing to redrive.');
      for (const { id, reason } of failed) console.log(printable(`${id}  ${reason}`));
      return failed.length > 0 ? 1 : 0;
    });
}

function toDiscard(flags: Flags, positionals: readonly string[]): Task {
  const selection = toSelection('discard', flags, positionals);
  if (flags.reason === undefined) throw new UsageError('dlt discard needs --reason TEXT');
  const reason = toReason(String(flags.reason));
  return (connections) =>
    explainFailure(connections, async () => {
      const { bus, interrupted } = connections;
      if (await reportUnavailable(bus)) return 1;
      const outcomes: DiscardOutcome[] = [];
      for (const subscription of subscriptionsOf(connections))
        outcomes.push(...(await discardSelected(bus, subscription, selection, { reason }, interrupted)));
      if ('id' in selection && outcomes.length === 0) return reportUnknownId(selection.id);
      const discarded = outcomes.filter(({ outcome }) => outcome === 'discarded').length;
      console.log(discarded > 0 ? `${discarded} discarded.` : 'Nothing to discard.');
      return 0;
    });
}

function toSelection(action: string, flags: Flags, positionals: readonly string[]): Selection {
  const [id, ...more] = positionals;
  const { key, all, 'failed-with': reason } = flags;
  const [first, ...others]: Selection[] = [
    ...(id !== undefined ? [{ id }] : []),
    ...(key !== undefined ? [{ key: Buffer.from(String(key)) }] : []),
    ...(reason !== undefined ? [{ reason: String(reason) }] : []),
    ...(all === true ? [{ all }] : []),
  ];
  if (first && others.length + more.length === 0) return first;
  throw new UsageError(`dlt ${action} needs one of: ID, --key KEY, --failed-with REASON, --all`);
}

function toReason(text: string): string {
  try {
    refuseReason(text);
    return text;
  } catch (error) {
    throw new UsageError(`--reason: ${(error as Error).message}`);
  }
}

function subscriptionsOf({ context, database, interrupted }: Connections): readonly Subscription[] {
  return context.open(database, { stopping: interrupted }).subscriptions;
}

function describeEmptyList({ redriven, discarded }: DeadLetterPage['counts']): string {
  const others = [
    ...(redriven > 0 ? [`${redriven} redriven`] : []),
    ...(discarded > 0 ? [`${discarded} discarded`] : []),
  ];
  return others.length > 0 ? `No pending dead letters; --all lists ${others.join(', ')}.` : 'No dead letters.';
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

/** Prints a failure in one line. It loses nothing: what was done is marked, and the others stay pending. */
async function explainFailure({ interrupted, logger }: Connections, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    logger.debug({ err: error }, 'command failed');
    const { name, message } = error as Error;
    const reason = interrupted.aborted || isCodedError(error) ? message : name;
    console.error(`${reason}; finished dead letters are marked, the others are still pending: run it again`);
    return 1;
  }
}
