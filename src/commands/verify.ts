import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openEmbeddedDatabase } from '../platform/embedded/embedded-database.js';
import { EmbeddedLinks } from '../platform/embedded/embedded-links.js';
import { expectUp } from '../platform/health/health.js';
import type { Replayable } from '../platform/replay/replayable.js';
import type { Difference } from '../platform/verify/compare.js';
import { verify as verifyContext } from '../platform/verify/verify.js';
import { type Command, contextOf, type Flags, MODULE_OPTION, refuseWords } from './command.js';
import { describeDifference, describeUnread, Findings } from './findings.js';
import { counted, showProgress } from './progress.js';
import { atWork, patienceFor, type Workplace } from './workplace.js';

export const verify: Command = {
  usage: `verify --module accounts|orders [--repair] [--allow-unhashed]
  Holds the log against itself and the database against the log, and names what does not fit; exit code 1 if anything.

  --module   the bounded context
  --repair   makes the documents that differ what the log says
  --allow-unhashed
             passes over events without a hash at the beginning of the log, from before there were hashes

Of the log: records that were altered, removed or added, by the chain of hashes. Of the database: documents that are
missing, extra or different. Services may run meanwhile. Of each sort the first 20 are named, and all are counted.`,
  options: { ...MODULE_OPTION, repair: { type: 'boolean' }, 'allow-unhashed': { type: 'boolean' } },
  run: (flags, words) => {
    refuseWords(words);
    return atWork(contextOf(flags), async (at) => {
      await expectUp(at.database);
      await expectUp(at.bus);
      return inScratch((scratch) => verifyIn(scratch, at, flags));
    });
  },
};

async function verifyIn(scratch: Scratch, at: Workplace, { repair, 'allow-unhashed': allowUnhashed }: Flags) {
  const { context, bus, database, interrupted, logger } = at;
  const live = context.replay(database);
  const [faults, unread, differing] = [new Findings(), new Findings(), new Findings()];
  await verifyContext({
    ...{ bus, live, expected: context.replay(scratch), links: new EmbeddedLinks(scratch.level) },
    ...{ signal: interrupted, patience: patienceFor(at), allowUnhashed: allowUnhashed === true },
    read: (fold) =>
      showProgress(
        `verify ${context.name}`,
        () => fold.progress,
        () => fold.caughtUp(),
      ),
    onFault: ({ where, what }) => faults.add(`${where}: ${what}`),
    onUnread: (record) => unread.add(`cannot be read: ${describeUnread(record)}`),
    onDifference: async (difference) => {
      differing.add(describeDifference(difference));
      if (repair === true) await mend(live, difference);
    },
    onFailure: (error) => logger.warn({ err: error }, 'a database is away; trying again'),
  });
  sumUp(faults.count, unread.count, differing.count, repair === true);
  return faults.count + (repair === true ? 0 : differing.count) > 0 ? 1 : 0;
}

async function mend({ collections }: Replayable, { collection, key, found, expected }: Difference): Promise<void> {
  await collections.find((each) => each.collection === collection)?.repair(key, found, expected);
}

function sumUp(faults: number, unread: number, differing: number, repaired: boolean): void {
  const { log } = console;
  if (unread > 0) log(`${counted(unread, 'record')} that cannot be read, and count for nothing (see dlt list)`);
  log(faults === 0 ? 'the log: in order' : `the log: ${counted(faults, 'fault')}`);
  if (differing === 0) log('the database: as the log says');
  else log(`the database: ${counted(differing, 'document')} ${repaired ? 'repaired' : 'not as the log says'}`);
}

type Scratch = Awaited<ReturnType<typeof openEmbeddedDatabase>>;

/** The log may be longer than memory: what it says is put down in a folder of this run's own. */
async function inScratch<T>(work: (scratch: Scratch) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'verify-'));
  try {
    const scratch = await openEmbeddedDatabase(path.join(folder, 'scratch'));
    try {
      return await work(scratch);
    } finally {
      await scratch.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
