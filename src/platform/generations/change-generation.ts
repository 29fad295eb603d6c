import {
  activeOf,
  firstGeneration,
  type Generation,
  generationName,
  generationOf,
  type Generations,
  type GenerationStore,
  withChanged,
} from '../log/generations.js';
import type { LogReader } from '../log/bus.js';
import { PlatformError } from '../tools/errors.js';
import { type Begins, Copier } from './copier.js';
import { Comparison } from './comparison.js';
import type { EventTransform } from './event-transform.js';
import type { CopyIndex } from './copy-index.js';
import { type Manifest, type ManifestSide, signed } from './manifest.js';

/** The last round may continue behind the fence once a round has found no more records than this. */
const MAX_LAST_ROUND_RECORDS = 500;
const MAX_ROUNDS = 50;

/** The steps of a change, in order. */
export type Step =
  'copying' | 'comparing' | 'switching' | 'ending the old generation' | 'comparing the rest' | 'switched';

export interface ChangeOptions {
  readonly store: GenerationStore;
  readonly topic: string;
  /** Distinguishes this run of the command from others. */
  readonly run: string;
  /** Empty. */
  readonly index: CopyIndex;
  readonly signal: AbortSignal;
  /** Default: none. */
  readonly transform?: EventTransform | undefined;
  /** Private key with which the manifest is signed: PEM. */
  readonly signWith?: string | undefined;
  readonly onStep?: (step: Step, progress: () => LogReader['progress']) => void;
}

export interface CopyRequest extends ChangeOptions {
  /** Number of partitions that the topic has now, for its first copy. */
  readonly current: number;
  /** Number of partitions of the new generation. */
  readonly partitions: number;
  /** Kafka settings of the new topic, besides those of the old one. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface Changed {
  readonly active: Generation;
  readonly manifest: Manifest;
  /** Milliseconds for which nothing could be published. */
  readonly blockedMs: number;
}

/**
 * Copies a topic to a new generation while it is published and read, compares both, and switches to the new one. It may
 * be killed at any point and run again.
 * @throws PlatformError `generations-differ`, `copy-overtaken`, `other-partitions`
 */
export async function copyToNewGeneration(request: CopyRequest): Promise<Changed> {
  const { store, topic, current, partitions, settings, signal } = request;
  const found = await recovered(request, (await store.read(topic)) ?? firstGeneration(topic, current));
  const planned = withCopy(found, partitions);
  const [from, to] = [activeOf(planned), copyIn(planned) as Generation];
  await store.write(claimed(planned, request));
  await store.create(to, from, settings);
  const work = { store, from, to, transform: request.transform };
  const copier = new Copier(work, request.index);
  let comparison: Comparison | undefined;
  const stopAll = () => Promise.all([copier.stop(), comparison?.stop()]);
  signal.addEventListener('abort', () => void stopAll(), { once: true });
  try {
    request.onStep?.('copying', () => copier.progress);
    await copier.start();
    await catchUp(copier);
    const cuts = await copier.whilePaused(async () => ({ from: copier.ends, to: await store.ends(to) }));
    const comparing = (comparison = new Comparison(work, request.index, cuts));
    request.onStep?.('comparing', () => comparing.progress);
    await comparing.start();
    const body = await comparing.compare('body');
    await catchUp(copier);
    await comparing.caughtUp();
    return await switchTo(request, { from, to }, async () => {
      await copier.caughtUp();
      request.onStep?.('comparing the rest', () => comparing.progress);
      await comparing.caughtUp();
      const tail = await comparing.compare('tail');
      const manifest = { ...basicsOf(topic, [from, comparing.recordsOf('from')], [to, comparing.recordsOf('to')]) };
      return { ends: copier.ends, manifest: { ...manifest, cuts, body, tail } };
    });
  } finally {
    await stopAll();
    // If it was stopped, report that, and not the errors that follow from it.
    signal.throwIfAborted();
  }
}

/**
 * Switches back to the former generation, after copying to it the events that were published since.
 * @throws PlatformError `generations-differ`, `copy-overtaken`, `not-former`
 */
export async function switchBack(request: ChangeOptions & { readonly to: number }): Promise<Changed> {
  const { store, topic, signal } = request;
  const stated = await store.read(topic);
  if (!stated) throw new PlatformError('rejected', 'not-former', `${topic} has only one generation`);
  const found = await recovered(request, stated);
  const [from, to] = [activeOf(found), generationOf(found, request.to)];
  if (to.generation !== found.former || to.state !== 'retired') {
    const message = `generation ${to.generation} (${to.state}) of ${topic} is not the one before the active one`;
    throw new PlatformError('rejected', 'not-former', message);
  }
  await store.write(claimed(found, request));
  const begins: Begins = { from: from.starts, to: to.ends };
  const work = { store, from, to };
  const copier = new Copier(work, request.index, begins);
  const cuts = { from: begins.from ?? [], to: begins.to ?? [] };
  const comparison = new Comparison(work, request.index, cuts, begins);
  const stopAll = () => Promise.all([copier.stop(), comparison.stop()]);
  signal.addEventListener('abort', () => void stopAll(), { once: true });
  try {
    return await switchTo(request, { from, to }, async () => {
      // Not before: a process that was suspended since the first switch might still publish there.
      await store.lift(to);
      try {
        request.onStep?.('copying', () => copier.progress);
        await copier.start();
        await copier.caughtUp();
        request.onStep?.('comparing the rest', () => comparison.progress);
        await comparison.start();
        const [body, tail] = [await comparison.compare('body'), await comparison.compare('tail')];
        const manifest = basicsOf(topic, [from, comparison.recordsOf('from')], [to, comparison.recordsOf('to')]);
        return { ends: copier.ends, manifest: { ...manifest, cuts, body, tail } };
      } catch (error) {
        await store.fence(to);
        await comparison.caughtUp().catch(() => undefined);
        await store.lift(from);
        if (comparison.published.length > 0) await store.append(from, comparison.published);
        throw error;
      }
    });
  } finally {
    await stopAll();
    signal.throwIfAborted();
  }
}

/**
 * Deletes a generation that is not active, with its records.
 * @throws PlatformError `generation-active`
 */
export async function deleteGeneration(
  store: GenerationStore,
  topic: string,
  number: number,
  run: string,
): Promise<Generation> {
  const stated = await store.read(topic);
  const found = generationOf(stated ?? firstGeneration(topic, 1), number);
  if (!stated || number === stated.active || stated.switchingTo !== undefined) {
    const message = `generation ${number} of ${topic} is active, or a switch is under way`;
    throw new PlatformError('rejected', 'generation-active', message);
  }
  const claimed = { revision: stated.revision + 1, changedBy: run };
  if (found.state === 'copying') {
    // A copy that the statement does not name would be continued by the next one.
    await store.delete(found);
    await store.write({ ...stated, ...claimed, generations: stated.generations.filter((each) => each !== found) });
  } else {
    // A consumer group must not look for a topic that is gone.
    await store.write(withChanged(stated, new Map([[number, { state: 'deleted' }]]), claimed));
    await store.delete(found);
  }
  return found;
}

/** What is known behind the fence. */
interface Finished {
  readonly ends: readonly number[];
  readonly manifest: Manifest;
}

/** Ends the old generation, lets `finish` copy and compare the rest, and makes the new one active. */
async function switchTo(
  request: ChangeOptions,
  { from, to }: { readonly from: Generation; readonly to: Generation },
  finish: () => Promise<Finished>,
): Promise<Changed> {
  const { store, run, topic, signal, onStep } = request;
  const nothing = () => ({ read: 0, total: 0 });
  signal.throwIfAborted();
  const before = await expectOwn(request);
  const maxMessageBytes = await store.maxMessageBytes(from);
  const limit = maxMessageBytes === undefined ? {} : { maxMessageBytes };
  onStep?.('switching', nothing);
  const ending = withChanged(before, new Map([[from.generation, limit]]), {
    ...{ switchingTo: to.generation, revision: before.revision + 1, changedBy: run },
  });
  await store.write(ending);
  try {
    onStep?.('ending the old generation', nothing);
    const began = performance.now();
    await store.fence(from);
    const { ends, manifest: unsigned } = await finish();
    const manifest = request.signWith === undefined ? unsigned : signed(unsigned, request.signWith);
    const [starts, { switchingTo: _, ...rest }] = await Promise.all([store.ends(to), expectOwn(request)]);
    signal.throwIfAborted();
    const { ends: _e, maxMessageBytes: _m, ...activated } = { ...to, state: 'active' as const, starts, manifest };
    const retired = { ...generationOf(rest, from.generation), state: 'retired' as const, ends };
    const changed: Generations = {
      ...rest,
      generations: rest.generations.map(
        (each) => [activated, retired].find(({ generation }) => generation === each.generation) ?? each,
      ),
      ...{ active: to.generation, former: from.generation, revision: rest.revision + 1, changedBy: run },
    };
    await store.write(changed);
    const blockedMs = performance.now() - began;
    onStep?.('switched', nothing);
    return { active: activated, manifest, blockedMs };
  } catch (error) {
    await recovered(request, (await store.read(topic)) ?? before);
    throw error;
  }
}

/** Undoes a switch that did not finish, so that events can be published meanwhile. */
async function recovered({ store, run }: ChangeOptions, stated: Generations): Promise<Generations> {
  const { switchingTo, ...rest } = stated;
  if (switchingTo === undefined) return stated;
  const to = generationOf(stated, switchingTo);
  if (to.state === 'retired') await store.fence(to);
  await store.lift(activeOf(stated));
  const undone = { ...rest, revision: stated.revision + 1, changedBy: run };
  await store.write(undone);
  return undone;
}

/** @throws PlatformError `copy-overtaken` when another run of a command has changed the generations */
async function expectOwn({ store, topic, run }: ChangeOptions): Promise<Generations> {
  const stated = await store.read(topic);
  if (stated?.changedBy === run) return stated;
  throw new PlatformError('conflict', 'copy-overtaken', `another command changes the generations of ${topic}`);
}

function claimed(stated: Generations, { run }: ChangeOptions): Generations {
  return { ...stated, revision: stated.revision + 1, changedBy: run };
}

function copyIn({ generations }: Generations): Generation | undefined {
  return generations.find(({ state }) => state === 'copying');
}

/** Adds the new generation, unless an earlier run has. @throws PlatformError `other-partitions` */
function withCopy(stated: Generations, partitions: number): Generations {
  const { topic, generations } = stated;
  const begun = copyIn(stated);
  if (begun && begun.partitions !== partitions) {
    const message = `${topic} is being copied to ${begun.partitions} partitions; delete generation ${begun.generation} first`;
    throw new PlatformError('rejected', 'other-partitions', message);
  }
  if (begun) return stated;
  const generation = Math.max(...generations.map((each) => each.generation)) + 1;
  const firstPartition = Math.max(...generations.map((each) => each.firstPartition + each.partitions));
  const copy: Generation = {
    ...{ generation, name: generationName(topic, generation), partitions, firstPartition, state: 'copying' },
  };
  return { ...stated, generations: [...generations, copy] };
}

type Counted = readonly [Generation, readonly number[]];

function basicsOf(topic: string, from: Counted, to: Counted): Pick<Manifest, 'topic' | 'time' | 'from' | 'to'> {
  const side = ([{ generation, name }, records]: Counted): ManifestSide => ({ generation, name, records });
  return { topic, time: new Date().toISOString(), from: side(from), to: side(to) };
}

/** Copies until little is left. */
async function catchUp(copier: Copier): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = copier.progress.read;
    await copier.caughtUp();
    if (copier.progress.read - before <= MAX_LAST_ROUND_RECORDS) return;
  }
}
