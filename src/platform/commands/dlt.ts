import type { Context } from '../context/define-context.js';
import { type DeadLetter, readDeadLetters, readOriginals } from '../consuming/dead-letters.js';
import { redrive, type FailedRedrive } from '../consuming/redrive.js';
import { isCodedError } from '../tools/errors.js';
import type { DependencyHealth } from '../tools/dependency.js';
import type { Subscription } from '../consuming/subscription.js';
import { type Command, contextOf, type Flags, MODULE_OPTION, UsageError, namesOf } from './command.js';
import { printable, toJsonLine, toPage, toTable } from './print-letters.js';
import { atWork, type Workplace } from './workplace.js';

/** Answers the exit code. */
type Task = (workplace: Workplace) => Promise<number>;

/** By action: the flags that it takes besides `--module`, and what it is to do. */
const ACTIONS: Readonly<
  Record<string, { flags: readonly string[]; toTask(flags: Flags, words: readonly string[]): Task }>
> = {
  list: { flags: ['all', 'json'], toTask: toList },
  show: { flags: [], toTask: toShow },
  redrive: { flags: ['all', 'key'], toTask: toRedrive },
};

export const dlt = (contexts: readonly Context[]): Command => ({
  usage: `dlt list|show|redrive --module ${namesOf(contexts)}
  Shows the records that a context could not apply, its dead letters, and has it apply them again.

  list [--all] [--json]             those that wait; --all: those that were redriven, too; --json: an object a line
  show ID                           one of them, with its headers and its value
  redrive ID | --key KEY | --all    applies those that wait, in order; ends with 1 if one cannot be applied still

  ID is TOPIC/PARTITION/OFFSET of the record, as list prints it. Redriving may be repeated, and may run beside the
  service; with the embedded log, the service has to be stopped for any of these.`,
  options: { ...MODULE_OPTION, all: { type: 'boolean' }, json: { type: 'boolean' }, key: { type: 'string' } },
  run: (flags, [name, ...words]) => {
    const action = ACTIONS[name ?? ''];
    if (!action) throw new UsageError(`dlt needs one of: ${Object.keys(ACTIONS).join(', ')}`);
    const unknown = Object.keys(flags).find((flag) => flag !== 'module' && !action.flags.includes(flag));
    if (unknown !== undefined) throw new UsageError(`--${unknown} means nothing to dlt ${name}`);
    const task = action.toTask(flags, words);
    return atWork(contextOf(contexts, flags), task);
  },
});

function toList({ all, json }: Flags, words: readonly string[]): Task {
  if (words.length > 0) throw new UsageError(`'${words.join(' ')}' means nothing to dlt list`);
  return (workplace) =>
    orSayWhy(workplace, async () => {
      if (await isAway(workplace.bus)) return 1;
      const letters: DeadLetter[] = [];
      for (const subscription of subscriptionsOf(workplace)) {
        letters.push(...(await readDeadLetters(workplace.bus, subscription)));
      }
      const listed = all ? letters : letters.filter(isWaiting);
      if (json) for (const letter of listed) console.log(toJsonLine(letter));
      else console.log(listed.length > 0 ? toTable(listed).join('\n') : nothing(all ? undefined : letters.length));
      return 0;
    });
}

function toShow(_flags: Flags, words: readonly string[]): Task {
  const [id, ...more] = words;
  if (id === undefined || more.length > 0) throw new UsageError('dlt show needs one ID');
  return (workplace) =>
    orSayWhy(workplace, async () => {
      if (await isAway(workplace.bus)) return 1;
      for (const subscription of subscriptionsOf(workplace)) {
        const letter = (await readDeadLetters(workplace.bus, subscription)).find((each) => each.id === id);
        if (!letter) continue;
        const originals = await readOriginals(workplace.bus, [letter]);
        console.log(toPage(letter, originals.get(id)).join('\n'));
        return 0;
      }
      return sayThereIsNone(id);
    });
}

function toRedrive({ all, key }: Flags, words: readonly string[]): Task {
  const [id, ...more] = words;
  const given = [id, key, all].filter((each) => each !== undefined);
  if (given.length !== 1 || more.length > 0) throw new UsageError('dlt redrive needs one of: ID, --key KEY, --all');
  const isChosen = (letter: DeadLetter) =>
    all === true || letter.id === id || (key !== undefined && letter.letter.key?.equals(Buffer.from(String(key))));
  return (workplace) =>
    orSayWhy(workplace, async () => {
      const { bus, database, interrupted } = workplace;
      if ((await isAway(bus)) || (await isAway(database))) return 1;
      let chosen = 0;
      let redriven = 0;
      const failed: FailedRedrive[] = [];
      const { subscriptions, begin } = workplace.context.open(database, { stopping: interrupted });
      await begin(bus);
      for (const subscription of subscriptions) {
        const letters = (await readDeadLetters(bus, subscription)).filter(isChosen);
        const waiting = letters.filter(isWaiting);
        const stay = await redrive(bus, subscription, waiting, interrupted);
        failed.push(...stay);
        chosen += letters.length;
        redriven += waiting.length - stay.length;
      }
      if (id !== undefined && chosen === 0) return sayThereIsNone(id);
      const outcome = `${redriven} redriven, ${failed.length} cannot be applied still.`;
      console.log(redriven + failed.length > 0 ? outcome : 'None of them waits.');
      for (const { id: stays, reason } of failed) console.log(printable(`${stays}  ${reason}`));
      return failed.length > 0 ? 1 : 0;
    });
}

function subscriptionsOf({ context, database, interrupted }: Workplace): readonly Subscription[] {
  return context.open(database, { stopping: interrupted }).subscriptions;
}

function isWaiting({ waiting }: DeadLetter): boolean {
  return waiting.length > 0;
}

function nothing(redriven = 0): string {
  return redriven > 0
    ? `No dead letter waits; ${redriven} were redriven (--all lists them).`
    : 'There are no dead letters.';
}

function sayThereIsNone(id: string): number {
  console.error(printable(`there is no dead letter ${id}`));
  return 1;
}

async function isAway(dependency: { check(): Promise<DependencyHealth> }): Promise<boolean> {
  const { up, detail } = await dependency.check();
  if (!up) console.error(`${detail ?? 'a dependency is away'}; nothing was done`);
  return !up;
}

/** What goes away on the way is told in one line, and costs nothing. */
async function orSayWhy({ interrupted, logger }: Workplace, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    logger.debug({ err: error }, 'stopped');
    const { name, message } = error as Error;
    const why = interrupted.aborted || isCodedError(error) ? message : name;
    console.error(`${why}; what was redriven has its receipt, the rest waits: run it again`);
    return 1;
  }
}
