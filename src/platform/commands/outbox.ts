import type { Context } from '../context/define-context.js';
import { expectUp } from '../tools/dependency.js';
import { eventLimitOf, backlogByAggregate, type AggregateBacklog } from '../outbox/aggregate-backlog.js';
import { alignColumns } from './columns.js';
import { type Command, findContext, listModules, MODULE_OPTION, refusePositionals, UsageError } from './command.js';
import { formatCount } from './progress.js';
import { printable } from './print-dead-letters.js';
import { type Connections, withConnections } from './connections.js';

const HEADINGS = ['TOPIC', 'AGGREGATE', 'VERSIONS', 'BYTES', 'SINCE', 'REFUSED'];
const MAX_PRINTED = 1_000;

export const outbox = (contexts: readonly Context[]): Command => ({
  usage: `outbox list --module ${listModules(contexts)} [--all]
  Lists the aggregates with an event that is too large for its topic; exits 1 if there are any.

  --module   bounded context
  --all      lists every aggregate with unpublished events, oldest first

  A refused event blocks only its own aggregate and is retried every minute: raise the topic's max.message.bytes above
  the listed size. With the embedded log, stop the service first.`,
  options: { ...MODULE_OPTION, all: { type: 'boolean' } },
  run: ({ all, ...flags }, [action, ...more]) => {
    if (action === undefined) throw new UsageError('outbox needs one of: list');
    if (action !== 'list') throw new UsageError(`outbox: unknown action '${action}'`);
    refusePositionals(more);
    return withConnections(findContext(contexts, flags), (connections) => list(connections, all === true));
  },
});

async function list({ context, database, bus, interrupted }: Connections, all: boolean): Promise<number> {
  await expectUp(database);
  await expectUp(bus);
  const listed: AggregateBacklog[] = [];
  let [pending, refused] = [0, 0];
  for (const each of context.open(database, { stopping: interrupted }).stores) {
    for await (const events of backlogByAggregate(each, await eventLimitOf(bus, each.topic))) {
      interrupted.throwIfAborted();
      pending += 1;
      if (events.refused) refused += 1;
      if ((all || events.refused) && listed.length < MAX_PRINTED) listed.push(events);
    }
  }
  if (listed.length > 0)
    console.log(
      alignColumns([HEADINGS, ...listed.map(toRow)])
        .map(printable)
        .join('\n'),
      '\n',
    );
  console.log(`${formatCount(pending, 'aggregate')} with unpublished events, ${refused} refused.`);
  return refused > 0 ? 1 : 0;
}

function toRow({ topic, id, first, last, bytes, since, refused }: AggregateBacklog): string[] {
  const versions = first === last ? `${first}` : `${first}-${last}`;
  return [topic, id, versions, `${bytes}`, since, refused ? `version ${refused.version}, ${refused.bytes} bytes` : ''];
}
