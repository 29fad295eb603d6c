import type { Context } from '../context/define-context.js';
import { expectUp } from '../tools/dependency.js';
import { eventLimitOf, waitingEvents, type WaitingEvents } from '../outbox/waiting-events.js';
import { inColumns } from './columns.js';
import { type Command, contextOf, MODULE_OPTION, refuseWords, UsageError, namesOf } from './command.js';
import { counted } from './progress.js';
import { printable } from './print-letters.js';
import { atWork, type Workplace } from './workplace.js';

const HEADINGS = ['TOPIC', 'AGGREGATE', 'VERSIONS', 'BYTES', 'SINCE', 'REFUSED'];
/** Aggregates that are printed. */
const MAX_LISTED = 1_000;

export const outbox = (contexts: readonly Context[]): Command => ({
  usage: `outbox list --module ${namesOf(contexts)} [--all]
  Lists the aggregates whose next events a topic refuses for their size; exits 1 when there are any.

  --module   the bounded context
  --all      lists everything that waits to be published, oldest first

  What is refused waits apart, and is tried again every minute: raise the topic's max.message.bytes above the size that
  is named. With the embedded log, the service has to be stopped for this.`,
  options: { ...MODULE_OPTION, all: { type: 'boolean' } },
  run: ({ all, ...flags }, [action, ...others]) => {
    if (action !== 'list') throw new UsageError(action === undefined ? 'list?' : `outbox: there is no '${action}'`);
    refuseWords(others);
    return atWork(contextOf(contexts, flags), (at) => list(at, all === true));
  },
});

async function list({ context, database, bus, interrupted }: Workplace, all: boolean): Promise<number> {
  await expectUp(database);
  await expectUp(bus);
  const listed: WaitingEvents[] = [];
  let [waiting, refused] = [0, 0];
  for (const each of context.open(database, { stopping: interrupted }).stores) {
    for await (const events of waitingEvents(each, await eventLimitOf(bus, each.topic))) {
      interrupted.throwIfAborted();
      waiting += 1;
      if (events.refused) refused += 1;
      if ((all || events.refused) && listed.length < MAX_LISTED) listed.push(events);
    }
  }
  if (listed.length > 0)
    console.log(
      inColumns([HEADINGS, ...listed.map(toRow)])
        .map(printable)
        .join('\n'),
      '\n',
    );
  console.log(`${counted(waiting, 'aggregate')} with events to publish, ${refused} refused.`);
  return refused > 0 ? 1 : 0;
}

function toRow({ topic, id, first, last, bytes, since, refused }: WaitingEvents): string[] {
  const versions = first === last ? `${first}` : `${first}-${last}`;
  return [topic, id, versions, `${bytes}`, since, refused ? `version ${refused.version}, ${refused.bytes} bytes` : ''];
}
