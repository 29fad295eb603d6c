import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context/define-context.js';
import type { CloudEvent } from '../event/cloud-event.js';
import { parseCloudEvent, UnreadableRecord } from '../event/parse-cloud-event.js';
import type { LoggedRecord, RecordHandler } from '../log/bus.js';
import type { OpenEvents } from '../privacy/open-events.js';
import { expectUp } from '../tools/dependency.js';
import {
  type Command,
  findContext,
  type Flags,
  listModules,
  MODULE_OPTION,
  refusePositionals,
  UsageError,
} from './command.js';
import { withKeysOfLog } from '../maintenance/rebuild-context.js';
import { withScratchDatabase } from '../maintenance/scratch.js';
import { type Connections, withConnections } from './connections.js';

const NEWEST = 10;
const POLL_MS = 500;

export const events = (contexts: readonly Context[]): Command => ({
  usage: `events tail|get --module ${listModules(contexts)} [ID] [--newest N] [--follow] [--raw]
  Prints events that the module publishes, one JSON object per line, with their personal part opened.

  tail       the newest events of each partition (--newest, default ${NEWEST}); --follow: goes on until it is stopped
  get ID     all events of an aggregate, oldest first
  --raw      prints the events as they are published

  It needs the master keys (MASTER_KEYS_FILE) to open events. The part of an erased person stays closed: 'forgotten'.
  With the embedded log, stop the service first.`,
  options: {
    ...MODULE_OPTION,
    newest: { type: 'string', default: String(NEWEST) },
    follow: { type: 'boolean' },
    raw: { type: 'boolean' },
  },
  run: (flags, [action, ...more]) => {
    if (action !== 'tail' && action !== 'get') throw new UsageError('events needs one of: tail, get');
    const [id, ...rest] = action === 'get' ? more : [undefined, ...more];
    if (action === 'get' && id === undefined) throw new UsageError('events get needs one ID');
    refusePositionals(rest.filter((each) => each !== undefined));
    if (!/^\d{1,6}$/.test(String(flags.newest))) throw new UsageError('--newest: is not a number of events');
    return withConnections(findContext(contexts, flags), (connections) => print(connections, flags, id));
  },
});

async function print(connections: Connections, flags: Flags, id: string | undefined): Promise<number> {
  await expectUp(connections.bus);
  if (flags.raw === true) return printEvents(connections, flags, id, undefined);
  return withScratchDatabase('events', (scratch) =>
    withKeysOfLog(connections, scratch, { signal: connections.interrupted }, (rebuildable) =>
      printEvents(connections, flags, id, rebuildable.open(scratch).open),
    ),
  );
}

async function printEvents(
  { context, bus, interrupted }: Connections,
  { newest, follow }: Flags,
  id: string | undefined,
  open: OpenEvents | undefined,
): Promise<number> {
  const take: RecordHandler = async (records) => {
    const meant = records.filter(({ key }) => id === undefined || String(key) === id);
    for (const line of await linesOf(meant, open)) console.log(line);
  };
  const topics = context.events.publishes.map(({ topic }) => topic);
  const reader = await bus.read(topics, take, id === undefined ? { newest: Number(newest) } : {});
  try {
    await reader.caughtUp();
    if (follow !== true) return 0;
    const pause = () => sleep(POLL_MS, true, { signal: interrupted }).catch(() => false);
    while (await pause()) await reader.caughtUp();
    return 0;
  } finally {
    await reader.stop();
  }
}

async function linesOf(records: readonly LoggedRecord[], open: OpenEvents | undefined): Promise<readonly string[]> {
  const parsed = records.map((record) => parsedOf(record));
  const all = parsed.filter((event) => !(event instanceof UnreadableRecord)) as CloudEvent[];
  const opened = [...((await open?.(all)) ?? all)];
  return parsed.map((event) => {
    const shown = event instanceof UnreadableRecord ? event : opened.shift();
    return JSON.stringify(shown instanceof UnreadableRecord ? { unreadable: shown.message } : shown);
  });
}

function parsedOf(record: LoggedRecord): CloudEvent | UnreadableRecord {
  try {
    return parseCloudEvent(record);
  } catch (error) {
    return error as UnreadableRecord;
  }
}
