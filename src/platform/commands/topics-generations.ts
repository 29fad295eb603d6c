import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Context } from '../context/define-context.js';
import type { Privacy } from '../context/person-keys.js';
import { EmbeddedCopyIndex } from '../embedded/copy-index.js';
import {
  type Changed,
  type ChangeOptions,
  copyToNewGeneration,
  deleteGeneration,
  type Step,
  switchBack,
} from '../generations/change-generation.js';
import { KeysForCopies } from '../generations/keys-for-copies.js';
import { isSignedBy, type Manifest, parsePrivateKey } from '../generations/manifest.js';
import { SealCopies } from '../generations/seal-copies.js';
import { activeOf, type Generations, generationsOf, type GenerationStore } from '../log/generations.js';
import { memberOf } from '../privacy/topics.js';
import { expectUp } from '../tools/dependency.js';
import { type Flags, UsageError } from './command.js';
import { openContext, privacyOf } from '../maintenance/connections.js';
import { withScratchDatabase } from '../maintenance/scratch.js';
import { type Connections, withConnections } from './connections.js';
import { describeProgress, formatCount, formatNumber } from './progress.js';

const PROGRESS_INTERVAL_MS = 2_000;
/** Consumers can read no other. */
const COMPRESSIONS = ['producer', 'uncompressed', 'gzip', 'zstd'];

/** `topics copy`. */
export async function copyTopic(context: Context, flags: Flags): Promise<number> {
  const topic = topicOf(context, flags);
  const partitions = parseNumber(flags, 'partitions');
  const { compression } = flags;
  if (compression !== undefined && !COMPRESSIONS.includes(String(compression))) {
    throw new UsageError(`--compression: must be one of ${COMPRESSIONS.join(', ')}`);
  }
  const signWith = await readPrivateKey(flags);
  return withGenerations(context, async (store, connections) => {
    const [current] = (await connections.bus.countPartitions([topic])).values();
    if (current === undefined) throw new UsageError(`${topic} is missing`);
    return withSealing(connections, topic, async (transform) => {
      const changed = await change(store, connections, topic, signWith, (options) =>
        copyToNewGeneration({
          ...options,
          ...{ current, partitions, transform },
          ...(compression !== undefined && { settings: { 'compression.type': String(compression) } }),
        }),
      );
      if (transform) printSealed(topic, transform);
      return printChanged(topic, changed);
    });
  });
}

/** Runs `work` with what seals the events of the topic that were published in clear text; undefined if they stay as they are. */
async function withSealing<T>(
  connections: Connections,
  topic: string,
  work: (transform: SealCopies | undefined) => Promise<T>,
): Promise<T> {
  const { context, bus, database, config } = connections;
  const stream = context.events.publishes.find((each) => each.topic === topic);
  const keysTopic = stream?.keys;
  if (!stream || keysTopic === undefined || config.PERSONAL_DATA !== 'sealed') return work(undefined);
  const { ring } = (await privacyOf(connections)) as Privacy;
  const holder = (await openContext(connections, connections.interrupted)).stores.find(
    (store) => store.keysTopic === keysTopic,
  )?.keys;
  const own = holder ?? database.stores.keyCopies(`${memberOf(keysTopic)}.keys`);
  return withScratchDatabase('keys', async (scratch) => {
    const keys = new KeysForCopies({
      ...{ topic: keysTopic, bus, ring, own, holder },
      scratch: scratch.stores.keyCopies(keysTopic),
    });
    try {
      return await work(new SealCopies(stream, keys));
    } finally {
      await keys.close();
    }
  });
}

function printSealed(topic: string, { sealed, closed, unreadable }: SealCopies): void {
  if (sealed > 0) {
    const ofErased = closed > 0 ? `, ${formatNumber(closed)} of them of erased persons, which nobody can open` : '';
    console.log(`${topic}: ${formatCount(sealed, 'event')} sealed that had been published in clear text${ofErased}`);
  }
  if (unreadable > 0) {
    const events = formatCount(unreadable, 'event');
    console.log(`warning: ${events} copied in clear text: no consumer can read them (see dlt list)`);
  }
}

/** `topics switch`. */
export async function switchTopic(context: Context, flags: Flags): Promise<number> {
  const topic = topicOf(context, flags);
  const to = parseNumber(flags, 'to');
  const signWith = await readPrivateKey(flags);
  return withGenerations(context, async (store, connections) =>
    printChanged(topic, await change(store, connections, topic, signWith, (options) => switchBack({ ...options, to }))),
  );
}

/** `topics manifest`. Exits 1 if the signature is not valid, or is missing although a key was given. */
export async function printManifest(context: Context, flags: Flags): Promise<number> {
  const topic = topicOf(context, flags);
  const file = flags['public-key'];
  const publicKey = file === undefined ? undefined : await readText('--public-key', String(file));
  return withGenerations(context, async (store) => {
    const stated = await store.read(topic);
    const manifest = stated && (activeOf(stated).manifest as Manifest | undefined);
    if (!manifest) {
      console.log(`${topic} has never been copied to another generation.`);
      return 1;
    }
    console.log(JSON.stringify(manifest, undefined, 2));
    if (!manifest.signature && publicKey === undefined) {
      console.log('The manifest is not signed.');
      return 0;
    }
    const isValid = isSignedBy(manifest, publicKey);
    const by = publicKey === undefined ? 'the key that it names: compare that with yours' : 'this key';
    console.log(isValid ? `The manifest is signed by ${by}.` : 'The manifest is not signed by this key.');
    return isValid ? 0 : 1;
  });
}

/** `topics delete-generation`. */
export async function deleteFormer(context: Context, flags: Flags): Promise<number> {
  const topic = topicOf(context, flags);
  const number = parseNumber(flags, 'generation');
  return withGenerations(context, async (store) => {
    const { name } = await deleteGeneration(store, topic, number, randomUUID());
    console.log(`Deleted generation ${number} of ${topic} (${name}).`);
    return 0;
  });
}

/** Returns a line for each generation of a topic. */
export function describeGenerations({ topic, generations, switchingTo }: Generations): string[] {
  const lines = generations.map(({ generation, name, partitions, firstPartition, state }) => {
    const numbers = `${firstPartition} to ${firstPartition + partitions - 1}`;
    return `${topic}, generation ${generation}: ${name}, partitions ${numbers}, ${state}`;
  });
  const isSwitching = switchingTo !== undefined;
  return isSwitching ? [...lines, `${topic} is being switched to generation ${switchingTo}`] : lines;
}

function withGenerations(
  context: Context,
  work: (store: GenerationStore, connections: Connections) => Promise<number>,
): Promise<number> {
  return withConnections(context, async (connections) => {
    await expectUp(connections.bus);
    const store = generationsOf(connections.bus);
    if (!store) throw new UsageError('this log has no generations');
    return work(store, connections);
  });
}

async function change(
  store: GenerationStore,
  { interrupted: signal }: Connections,
  topic: string,
  signWith: string | undefined,
  work: (options: ChangeOptions) => Promise<Changed>,
): Promise<Changed> {
  return withScratchDatabase('topics', async (scratch) => {
    const index = new EmbeddedCopyIndex(scratch.level);
    let progress: () => { read: number; total: number } = () => ({ read: 0, total: 0 });
    let [step, since]: [Step | undefined, number] = [undefined, 0];
    const onStep: ChangeOptions['onStep'] = (next, read) => {
      [step, progress, since] = [next, read, performance.now()];
      console.log(`${topic}: ${step}`);
    };
    const timer = setInterval(() => {
      if (step) console.log(`${topic}: ${step}: ${describeProgress(progress(), performance.now() - since)}`);
    }, PROGRESS_INTERVAL_MS);
    try {
      return await work({ store, topic, run: randomUUID(), index, signal, signWith, onStep });
    } finally {
      clearInterval(timer);
    }
  });
}

function printChanged(topic: string, { active, manifest, blockedMs }: Changed): number {
  const { body, tail, signature } = manifest;
  const events = formatNumber(body.events + tail.events);
  console.log(`${topic}: ${formatCount(body.records + tail.records, 'record')} (${events} events) copied and compared`);
  console.log(`root of the events before the cut: ${body.root}`);
  console.log(`root of the events after the cut:  ${tail.root}`);
  console.log(
    signature ? `signed; public key:\n${signature.publicKey}`.trimEnd() : 'warning: the manifest is not signed',
  );
  console.log(
    `generation ${active.generation} is active: ${active.name}, ${formatCount(active.partitions, 'partition')}`,
  );
  console.log(`nothing was published for ${blockedMs.toFixed(0)} ms`);
  return 0;
}

/** @throws UsageError */
function topicOf({ events: { publishes } }: Context, { topic }: Flags): string {
  const topics = publishes.map((each) => each.topic);
  const [only] = topics;
  if (topic === undefined && topics.length === 1) return only as string;
  if (topics.includes(String(topic))) return String(topic);
  throw new UsageError(`--topic: must be one of ${topics.join(', ')}`);
}

/** @throws UsageError */
function parseNumber(flags: Flags, name: string): number {
  const text = flags[name];
  if (text === undefined || !/^[1-9]\d{0,5}$/.test(String(text))) {
    throw new UsageError(`--${name}: must be a number from 1 on`);
  }
  return Number(text);
}

async function readPrivateKey(flags: Flags): Promise<string | undefined> {
  const file = flags['sign-with'];
  if (file === undefined) return undefined;
  const key = await readText('--sign-with', String(file));
  parsePrivateKey(key);
  return key;
}

async function readText(flag: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw new UsageError(`${flag}: cannot read the file`);
  }
}
