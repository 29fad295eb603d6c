import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { historiesOf } from './check/histories.mjs';
import { readChains } from './check/log.mjs';
import { Cluster } from './cluster.mjs';
import { runCommand } from './command.mjs';
import { schedule } from './faults.mjs';
import { Fleet } from './fleet.mjs';
import { checkHistories } from './linearizability.mjs';
import { Load } from './load.mjs';
import { LogOpener } from './open-log.mjs';
import { randomFrom } from './random.mjs';
import { readBack } from './read-back.mjs';
import { Recorder } from './recorder.mjs';

/** @typedef {import('./facts.mjs').Finding} Finding */
/** @typedef {import('./faults/fault.mjs').Fault} Fault */

const RECOVERS_WITHIN_MS = 90_000;
/** Load between two faults. */
const CALM_SECONDS = 2;
/** Faults between two quiet points, at which everything is read back and checked. */
const FAULTS_BETWEEN_CHECKS = 8;
const MODULES = /** @type {const} */ (['accounts', 'orders']);

/**
 * @typedef {object} Options
 * @property {number} seconds
 * @property {number} seed
 * @property {number} clients
 * @property {readonly Fault[]} faults
 * @property {string | undefined} kafkaClient of the instances
 * @property {string} name of the servers
 * @property {string} folder for logs
 * @property {string | undefined} checker program that checks linearizability; undefined: it is not checked
 * @property {(line: string) => void} say
 * @property {AbortSignal} interrupted
 */

/**
 * Starts everything, makes faults for as long as it is told, and checks what has become of what was acknowledged.
 * @param {Options} options
 */
export async function run(options) {
  const { name, folder, say } = options;
  await mkdir(folder, { recursive: true });
  const cluster = await Cluster.start(name, say);
  /** @type {Finding[]} of what is no call: crashes, faults, commands */
  const findings = [];
  const { kafka, mongodb, masterKeys } = cluster;
  const settings = {
    ...{ KAFKA_BOOTSTRAP_SERVERS: kafka, MONGODB_URI: mongodb, MASTER_KEYS_FILE: masterKeys },
    ...(options.kafkaClient && { KAFKA_CLIENT: options.kafkaClient }),
  };
  const fleet = new Fleet({
    ...{ settings, folder },
    serverPorts: cluster.servers.map(({ port }) => port),
    onCrash: (instance, how) => {
      findings.push({ sort: 'unexpected', at: performance.now(), what: `${instance.name} ended by itself: ${how}` });
      setTimeout(() => fleet.instances.includes(instance) && instance.start(), 1_000);
    },
  });
  try {
    for (const module of [...MODULES, ...MODULES]) await fleet.add(module);
    await fleet.ready();
    const opener = await LogOpener.create(masterKeys);
    return await new Run(options, { cluster, fleet, settings, findings, opener }).toItsEnd();
  } finally {
    await fleet.dispose();
    await cluster.stop();
  }
}

/**
 * @typedef {object} World
 * @property {Cluster} cluster
 * @property {Fleet} fleet
 * @property {Record<string, string>} settings
 * @property {Finding[]} findings
 * @property {LogOpener} opener
 */

class Run {
  /** @type {import('./report.mjs').Made[]} */
  #timeline = [];
  #recorder = new Recorder();

  /**
   * @param {Options} options
   * @param {World} world
   */
  constructor(options, { cluster, fleet, settings, findings, opener }) {
    this.options = options;
    this.cluster = cluster;
    this.fleet = fleet;
    this.settings = settings;
    this.findings = findings;
    this.opener = opener;
    this.load = new Load(this.#recorder, (module) => fleet.urls(module), options);
  }

  async toItsEnd() {
    const { options, load } = this;
    const random = randomFrom(options.seed);
    const deadline = performance.now() + options.seconds * 1_000;
    const isOver = () => performance.now() > deadline || options.interrupted.aborted;
    load.resume();
    await this.#serves();
    let made = 0;
    for (const faults of schedule(options.faults, random)) {
      if (isOver()) break;
      await sleep(CALM_SECONDS * 1_000);
      await this.#make(faults, random);
      made += 1;
      if (made % FAULTS_BETWEEN_CHECKS === 0 && !isOver()) await this.#check();
    }
    const { linearizability } = await this.#check({ isLast: true });
    await load.stop();
    return { timeline: this.#timeline, calls: this.#recorder.calls, findings: this.findings, linearizability };
  }

  /** @param {readonly Fault[]} faults @param {import('./random.mjs').Random} random */
  async #make(faults, random) {
    const { say } = this.options;
    const name = faults.map((each) => each.name).join(' + ');
    const start = performance.now();
    say(`${name} ...`);
    await Promise.all(
      faults.map(async (fault) => {
        try {
          const found = await fault.make(this.#worldFor(random.integer(0, 2 ** 31), faults.length === 1));
          this.#found(found ?? []);
        } catch (error) {
          this.#found([{ sort: 'unexpected', what: `${fault.name} was not made to its end: ${error}` }]);
        }
      }),
    );
    const end = performance.now();
    const recovered = await this.#serves();
    this.#timeline.push({ name, start, end, recovered });
    say(
      `${name}: took ${((end - start) / 1000).toFixed(0)} s, served again ${recovered?.toFixed(1) ?? 'not in'} s later`,
    );
    if (recovered !== undefined) return;
    this.#found([{ sort: 'unexpected', what: `not served ${RECOVERS_WITHIN_MS / 1000} s after ${name}` }]);
    for (const instance of this.fleet.instances) if (!isReady(await instance.readiness())) instance.report();
  }

  /** @param {number} seed @param {boolean} isAlone @returns {import('./faults/fault.mjs').World} */
  #worldFor(seed, isAlone) {
    const { cluster, fleet, settings } = this;
    return {
      ...{ cluster, fleet, isAlone, random: randomFrom(seed), say: (line) => this.options.say(`  ${line}`) },
      wait: (seconds) => sleep(seconds * 1_000),
      command: (...args) => runCommand(settings, args),
    };
  }

  /** @param {readonly Finding[]} findings */
  #found(findings) {
    for (const finding of findings) {
      this.findings.push({ at: performance.now(), ...finding });
      this.options.say(`  ${finding.sort}: ${finding.what}`);
    }
  }

  /** Seconds until all instances are ready and what is asked of both modules is done; undefined: not in time. */
  async #serves() {
    const began = performance.now();
    const areReady = async () =>
      (await Promise.all(this.fleet.instances.map((each) => each.readiness()))).every(isReady);
    while (!((await areReady()) && (await this.load.isServed()))) {
      if (performance.now() - began > RECOVERS_WITHIN_MS) return undefined;
      await sleep(200);
    }
    return (performance.now() - began) / 1_000;
  }

  /** A quiet point: no request is open, all is read back. */
  async #check({ isLast = false } = {}) {
    const { cluster, fleet, load, opener, options } = this;
    await load.pause();
    if (isLast) for (const { module, url } of fleet.instances) await load.readAll(module, url);
    options.say(`checking ${this.#recorder.calls.length} calls ...`);
    const { findings, events } = await readBack(
      { kafka: cluster.kafka, mongodb: cluster.mongodb, opener },
      this.#recorder.calls,
    );
    const known = new Set(this.findings.map(({ id, what }) => `${id} ${what}`));
    this.#found(findings.filter(({ id, what }) => !known.has(`${id} ${what}`)));
    if (!isLast) {
      load.resume();
      return { linearizability: undefined };
    }
    await this.#checkReadiness();
    for (const module of MODULES) await this.#verify(module);
    return { linearizability: await this.#checkLinearizability(events) };
  }

  async #checkReadiness() {
    for (const instance of this.fleet.instances) {
      const readiness = await instance.readiness();
      if (!isReady(readiness))
        this.#found([
          { sort: 'unexpected', what: `${instance.name} is not ready: ${JSON.stringify(readiness?.body)}` },
        ]);
    }
  }

  /** @param {string} module */
  async #verify(module) {
    const { code, output } = await runCommand(this.settings, ['verify', '--module', module]);
    await writeFile(`${this.options.folder}/verify-${module}.log`, output);
    if (code === 0) return;
    const said = output.trim().split('\n').slice(-2).join('; ');
    this.#found([{ sort: 'diverged', what: `verify --module ${module} ended with ${code}: ${said}` }]);
  }

  /** @param {readonly import('./facts.mjs').LogEvent[]} events */
  async #checkLinearizability(events) {
    const { checker } = this.options;
    if (checker === undefined) return undefined;
    const histories = historiesOf(this.#recorder.calls, readChains(events));
    const verdicts = await checkHistories(checker, histories);
    for (const { id, result, stuck = '', calls } of verdicts) {
      const at = this.#recorder.calls.findLast((call) => call.id === id)?.end ?? 0;
      if (result === 'Illegal') this.#found([{ sort: 'diverged', id, at, what: `not linearizable: ${stuck}` }]);
      if (result === 'Unknown')
        this.#found([
          { sort: 'unexpected', id, at, what: `linearizability of ${calls} calls was not decided in time` },
        ]);
    }
    return { customers: verdicts.length, calls: verdicts.reduce((sum, { calls }) => sum + calls, 0) };
  }
}

/** @param {Awaited<ReturnType<import('./instances.mjs').Instance['readiness']>>} readiness */
function isReady(readiness) {
  return readiness?.status === 200 && readiness.body.status === 'ready';
}
