// Words what was measured: docs/performance.md.
import { beforePart } from './before.mjs';
import { bytesPart } from './bytes.mjs';
import { changesPart, commandsPart, costsPart } from './comparison.mjs';
import { machinesPart, rebalancesPart } from './machines.mjs';
import { ms, parse, ratio, section, table, whole } from './markdown.mjs';
import { LABELS } from './plot.mjs';
import { yardstickPart } from './yardstick.mjs';
import { visiblePart } from './visible.mjs';

/** @typedef {import('./plot.mjs').Subject} Subject */
/** @typedef {ReturnType<typeof import('../experiments/turns.mjs').mediansOf> & { subject: Subject }} Turns refused: with an error */
/** @typedef {Turns & { megabytes: number }} Result */
/** @typedef {{ cpu: string, cores: number, memoryGb: number, system: string }} Hardware */
/** @typedef {Hardware & { node: string, kafka: string, mongodb: string, date: string }} Machine */
/** @typedef {{ events: number, ours: number, bare: number, ratio: number }} Race events per second of both */
/** @typedef {{ perSecond: number, megabytes: number, scratch: number }} Check scratch: bytes of an event */
/** @typedef {{ events: number, verify: number, wholeVerify: number, replay: number, wholeReplay: number, scratch: number }} Since seconds; scratch: bytes of an aggregate */
/** @typedef {{ embeddedStartMs: number, realStartMs: number }} Starts */
/**
 * What was measured; a part that was not run is not in it.
 * @typedef {object} Measured
 * @property {Machine} [machine]
 * @property {Array<{ connections: number, results: Result[] }>} [commands] medians over the rounds
 * @property {{ naive: number, naiveDone: number, httpOnly: number }} [ratios] at 64 connections, medians of the rounds' own; done: of the commands/s until each is copied
 * @property {{ results: Turns[], ratio: number, doneRatio: number }} [changes] this project to the naive, likewise
 * @property {import('./visible.mjs').Visible[]} [visible]
 * @property {Race} [drain]
 * @property {Race & { customers: number, states: number, statesRatio: number, twoWorkers: number, twoRatio: number, twoMegabytes: number, megabytes: number, scratch: number, verify: Check, since: Since }} [replay] states: of them alone; twoWorkers: events/s of everything, with two; scratch: bytes of an event
 * @property {{ customers: number, stored: import('../experiments/bytes.mjs').Stored, empty: number, full: number, ratio: number }} [scale] commands per second
 * @property {import('../experiments/bytes.mjs').Bytes} [bytes]
 * @property {import('../experiments/yardstick.mjs').YardstickResult[]} [yardstick]
 * @property {readonly import('../experiments/machines.mjs').Instances[]} [machines]
 * @property {readonly import('../experiments/rebalances.mjs').Rebalance[]} [rebalances]
 * @property {import('./before.mjs').BeforeAndAfter} [before]
 * @property {Starts & { idleMegabytes: number, loadMegabytes: number }} [process]
 */
/** @typedef {import('./markdown.mjs').Format} Format */

const INTRODUCTION = `Throughput of commands, the delay until their effect is visible in the other context, and the resources needed. **The ratios are the result**: the subjects took turns on one machine, under the same load. The absolute figures depend on a small machine where the client, the servers and the databases share the cores.`;

const HOW_TO_RUN = `\`\`\`sh
npm run bench                       # everything
npm run bench -- --only commands    # one part
\`\`\`

It needs [\`wrk\`](https://github.com/wg/wrk), starts servers of its own, and installs [Emmett](https://event-driven-io.github.io/emmett/) in its own folder.`;

/** The page, in Markdown. @param {Measured} measured */
export function report(measured) {
  const { machine, commands, changes, visible, drain, replay, scale, bytes, machines, rebalances } = measured;
  const { yardstick, before, process } = measured;
  const parts = [
    section('Performance', [INTRODUCTION], '#'),
    section('Goals', goals(measured)),
    section('Run it', [HOW_TO_RUN]),
    machine && section('Machine', [machineTable(machine)]),
    commands && section('Commands', commandsPart(commands, measured.ratios)),
    changes && section('Changes', changesPart(changes)),
    (commands ?? changes) && section('CPU time of a command', costsPart(measured)),
    visible && section('From acknowledged to visible', visiblePart(visible)),
    drain && section('Catching up with a backlog', drainPart(drain)),
    replay && section('Replay', replayPart(replay)),
    scale && section('Many customers', scalePart(scale)),
    bytes && section('Bytes', bytesPart(bytes)),
    yardstick && section('A yardstick', yardstickPart(yardstick)),
    machines && section('More instances', machinesPart(machines)),
    rebalances && section('Instances that come and go', rebalancesPart(rebalances)),
    before && section('Before and now', beforePart(before)),
    process && section('The process', processPart(process)),
  ];
  return `${parts.filter((part) => part !== undefined).join('\n\n')}\n`;
}

/** The goals and whether they were reached. @param {Measured} measured */
function goals({ commands, ratios, changes, visible, drain, replay, scale, process }) {
  const results = commands?.find(({ connections }) => connections === 64)?.results ?? [];
  const p99 = (/** @type {string} */ name) => results.find(({ subject }) => subject === name)?.p99;
  const shown = (/** @type {import('./visible.mjs').Load} */ load) =>
    visible?.find((each) => each.subject === 'ours' && each.load === load);
  const million = scale && scale.customers >= 1e6 ? scale : undefined;
  const start = process && process.embeddedStartMs / 1000;
  const [rows, times, bare] = [
    /** @type {string[][]} */ ([]),
    (/** @type {string} */ n) => `${n} times`,
    'a bare script',
  ];

  rows.push(
    atLeast(
      'At 64 connections at least 4 times the commands/s of the naive dual write with its consumer, until each customer is copied',
      ...[ratios?.naiveDone, 4, times],
    ),
    atLeast('Of changes, at least 3 times, likewise', changes?.doneRatio, 3, times),
    atLeast('At 64 connections, at least 0.6 of the commands/s of HTTP only', ratios?.httpOnly, 0.6),
    goal('At 64 connections, a lower p99 than the naive dual write', [p99('ours'), p99('naive')], {
      holds: ([ours = NaN, naive = NaN]) => ours < naive,
      format: ms,
      say: (ours = '', naive = '') => `${ours} ms, the naive ${naive} ms`,
    }),
    under('Acknowledged to visible, one after another: p50 under 12 ms', shown('one after another')?.p50, 12, ms, 'ms'),
    under('Likewise: p99 under 25 ms', shown('one after another')?.p99, 25, ms, 'ms'),
    under('Idle, acknowledged to visible: p99 under 50 ms', shown('idle')?.p99, 50, ms, 'ms'),
    under('At 70 % of full load: p99 under 100 ms', shown('at 70 %')?.p99, 100, ms, 'ms'),
    atLeast(`Catching up with a backlog: at least 0.7 of ${bare}`, drain?.ratio, 0.7),
    atLeast(`Replay of everything: at least 1.5 times the events/s of ${bare}`, replay?.ratio, 1.5, times),
    atLeast(`Replay of the states: at least 5 times the events/s of ${bare}`, replay?.statesRatio, 5, times),
    atLeast('With a million customers, at least 0.9 of the commands/s with none', million?.ratio, 0.9),
    under('One module, idle: under 150 MB resident', process?.idleMegabytes, 150, whole, 'MB'),
    under('Under load: under 300 MB resident', process?.loadMegabytes, 300, whole, 'MB'),
    under('Start on the embedded backends: under 1 s', start, 1, ratio, 's'),
  );
  const refused = results.filter((result) => result.refused > 0);
  const caveat = refused.map((result) => `${whole(result.refused)} of ${LABELS[result.subject]}`).join(', ');
  return [
    table(['goal', 'reached'], rows),
    caveat &&
      `At 64 connections some answers had an error status (${caveat}): the first four rows are worth less for it.`,
  ];
}

/**
 * @param {string} name @param {number | undefined} value @param {number} limit
 * @param {(figure: string) => string} [say]
 */
function atLeast(name, value, limit, say = (figure) => figure) {
  return goal(name, [value], { holds: ([it = NaN]) => it >= limit, format: ratio, say: (figure = '') => say(figure) });
}

/**
 * @param {string} name @param {number | undefined} value @param {number} limit @param {Format} format
 * @param {string} unit
 */
function under(name, value, limit, format, unit) {
  return goal(name, [value], { holds: ([it = NaN]) => it < limit, format, say: (figure = '') => `${figure} ${unit}` });
}

/**
 * A row that says whether a goal was reached. What is judged is what was measured; its figures have as many digits as
 * it takes for them not to say otherwise.
 * @param {string} name @param {Array<number | undefined>} values
 * @param {{ holds: (values: number[]) => boolean, format: Format, say: (...figures: string[]) => string }} judge
 */
function goal(name, values, { holds, format, say }) {
  const known = values.filter((value) => value !== undefined);
  if (known.length < values.length) return [name, 'not measured'];
  const reached = holds(known);
  let figures = known.map((value) => format(value));
  for (let more = 1; more < 9 && holds(figures.map(parse)) !== reached; more += 1) {
    figures = known.map((value) => format(value, more));
  }
  return [name, `${reached ? 'yes' : '**no**'}, ${say(...figures)}`];
}

/** @param {Machine} machine */
function machineTable({ cpu, cores, memoryGb, system, node, kafka, mongodb, date }) {
  return table(
    ['', ''],
    [
      ['processor', `${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}`],
      ['memory', `${Number(memoryGb.toFixed(1))} GB`],
      ['system', system],
      ['Node.js', node],
      ['Kafka', kafka],
      ['MongoDB', mongodb],
      ['date', date],
    ],
  );
}

/** @param {Race} drain */
function drainPart({ events, ours, bare, ratio: oursToBare }) {
  return [
    `Orders starts, and consumes a backlog of customer events. The bare script creates the same copies with a plain loop that batches its writes, without any checks. Both are measured from the start of their process.`,
    table(
      ['events', 'this project, events/s', 'bare script, events/s', 'ratio'],
      [[whole(events), whole(ours), whole(bare), ratio(oursToBare)]],
      [],
    ),
  ];
}

/** @param {NonNullable<Measured['replay']>} measured */
function replayPart(measured) {
  const { events, customers, ours, states, bare, ratio: oursToBare, statesRatio, megabytes, scratch } = measured;
  const { twoWorkers, twoRatio, twoMegabytes, verify, since } = measured;
  const row = (/** @type {string} */ label, /** @type {number} */ rate, /** @type {number} */ toBare) => [
    ...[label, whole(events), whole(rate), whole(bare), ratio(toBare)],
  ];
  return [
    `\`replay\` rebuilds MongoDB from the log while a service runs ([how](decisions/0009-replay-beside-a-running-service.md)): everything, or with \`--only states\` what services need. The log has ${whole(events / customers, 1)} events a customer. The bare script writes the states and the history with a plain loop that batches its writes, without checks, catching up or a swap.`,
    table(
      ['collections', 'events', 'this project, events/s', 'bare script, events/s', 'ratio'],
      [row('all', ours, oursToBare), row('states', states, statesRatio)],
    ),
    `With two workers, everything is ${ratio(twoRatio)} times as fast: each has a core, and keeps back as many states as the only one. What the commands need; the disk is that of their temporary folder:`,
    table(
      ['command', 'events/s', 'MB resident', 'bytes of an event on disk'],
      [
        ['replay', whole(ours), whole(megabytes), whole(scratch)],
        ['replay --workers 2', whole(twoWorkers), whole(twoMegabytes), whole(scratch)],
        ['verify', whole(verify.perSecond), whole(verify.megabytes), whole(verify.scratch)],
      ],
    ),
    `Both read [since a checkpoint](decisions/0022-checkpoints.md) only what came later: here ${whole(since.events)} events, after the ${whole(customers)} customers above. What is left is one look at each of them.`,
    table(
      ['command', 'whole log, s', 'since the checkpoint, s', 'ratio', 'customers/s'],
      [
        [
          'verify',
          whole(since.wholeVerify, 1),
          whole(since.verify, 1),
          ratio(since.verify / since.wholeVerify),
          whole(customers / since.verify),
        ],
        [
          'replay',
          whole(since.wholeReplay, 1),
          whole(since.replay, 1),
          ratio(since.replay / since.wholeReplay),
          whole(customers / since.replay),
        ],
      ],
    ),
  ];
}

/** @param {NonNullable<Measured['scale']>} scale */
function scalePart({ customers, stored, empty, full, ratio: fullToEmpty }) {
  return [
    `The same load on a database without customers, and on one with ${whole(customers)}.`,
    table(
      ['customers', 'commands/s', 'ratio'],
      [
        ['0', whole(empty), ''],
        [whole(customers), whole(full), ratio(fullToEmpty)],
      ],
      [],
    ),
    `Bytes of each of these customers in \`customer.accounts\`, all new, and without keys:`,
    table(
      ['as BSON', 'data file', 'indexes'],
      [[stored.data, stored.stored, stored.indexes].map((value) => whole(value))],
      [],
    ),
  ];
}

/** @param {NonNullable<Measured['process']>} process */
function processPart({ idleMegabytes, loadMegabytes, embeddedStartMs, realStartMs }) {
  return [
    `Resident memory of the process, and the time from its start until it is ready.`,
    table(
      ['', ''],
      [
        ['memory, one module, idle', `${whole(idleMegabytes)} MB`],
        ['memory, under load', `${whole(loadMegabytes)} MB`],
        ['start on the embedded backends', `${ms(embeddedStartMs)} ms`],
        ['start on Kafka and MongoDB', `${ms(realStartMs)} ms`],
      ],
    ),
  ];
}
