// Words what was measured: docs/performance.md.
import { bytesPart } from './bytes.mjs';
import { ms, parse, ratio, section, table, whole } from './markdown.mjs';
import { LABELS, SUBJECTS } from './plot.mjs';

/** @typedef {import('./plot.mjs').Result & { refused: number, megabytes: number }} Result refused: with an error */
/** @typedef {{ load: 'idle' | 'at 70 %', rate: number, samples: number }} Load */
/** @typedef {{ p50: number, p99: number, max: number }} Latency */
/** @typedef {Load & Latency & { backlogBegin?: number, backlogEnd?: number }} Visible milliseconds; events */
/** @typedef {{ cpu: string, cores: number, memoryGb: number, system: string }} Hardware */
/** @typedef {Hardware & { node: string, kafka: string, mongodb: string, date: string }} Machine */
/** @typedef {{ events: number, ours: number, bare: number, ratio: number }} Race events per second of both */
/** @typedef {{ rate: number, p99: number }} Rate commands per second; milliseconds */
/** @typedef {{ embeddedStartMs: number, realStartMs: number }} Starts */
/**
 * What was measured; a part that was not run is not in it.
 * @typedef {object} Measured
 * @property {Machine} [machine]
 * @property {Array<{ connections: number, results: Result[] }>} [commands] medians over the rounds
 * @property {{ naive: number, httpOnly: number }} [ratios] at 64 connections, medians of the rounds' own
 * @property {{ naive: Rate, ours: Rate, ratio: number }} [changes]
 * @property {Visible[]} [visible]
 * @property {Race} [drain]
 * @property {Race & { megabytes: number }} [replay]
 * @property {{ customers: number, empty: number, full: number, ratio: number }} [scale] commands per second
 * @property {import('../experiments/bytes.mjs').Bytes} [bytes]
 * @property {Starts & { idleMegabytes: number, loadMegabytes: number }} [process]
 */
/** @typedef {import('./markdown.mjs').Format} Format */

const INTRODUCTION = `Throughput of commands, the delay until their effect is visible in the other context, and the resources needed. **The ratios are the result**: the subjects took turns on one machine, under the same load. The absolute figures depend on a small machine where the client, the servers and the databases share the cores.`;

const HOW_TO_RUN = `\`\`\`sh
npm run bench                       # everything
npm run bench -- --only commands    # one part
\`\`\`

It needs [\`wrk\`](https://github.com/wg/wrk), and starts servers of its own.`;

/** The page, in Markdown. @param {Measured} measured */
export function report(measured) {
  const { machine, commands, changes, visible, drain, replay, scale, bytes, process } = measured;
  const parts = [
    section('Performance', [INTRODUCTION], '#'),
    section('Goals', goals(measured)),
    section('Run it', [HOW_TO_RUN]),
    machine && section('Machine', [machineTable(machine)]),
    commands && section('Commands', commandsPart(commands, measured.ratios)),
    changes && section('Changes', changesPart(changes)),
    visible && section('From acknowledged to visible', visiblePart(visible)),
    drain && section('Catching up with a backlog', drainPart(drain)),
    replay && section('Replay', replayPart(replay)),
    scale && section('Many customers', scalePart(scale)),
    bytes && section('Bytes', bytesPart(bytes)),
    process && section('The process', processPart(process)),
  ];
  return `${parts.filter((part) => part !== undefined).join('\n\n')}\n`;
}

/** The goals and whether they were reached. @param {Measured} measured */
function goals({ commands, ratios, visible, drain, replay, scale, process }) {
  const results = commands?.find(({ connections }) => connections === 64)?.results ?? [];
  const p99 = (/** @type {string} */ name) => results.find(({ subject }) => subject === name)?.p99;
  const idle = visible?.find(({ load }) => load === 'idle');
  const million = scale && scale.customers >= 1e6 ? scale : undefined;
  const start = process && process.embeddedStartMs / 1000;
  const [rows, times, bare] = [
    /** @type {string[][]} */ ([]),
    (/** @type {string} */ n) => `${n} times`,
    'a bare script',
  ];

  rows.push(
    atLeast('At 64 connections, at least 3 times the commands/s of the naive dual write', ratios?.naive, 3, times),
    atLeast('At 64 connections, at least 0.6 of the commands/s of HTTP only', ratios?.httpOnly, 0.6),
    goal('At 64 connections, a lower p99 than the naive dual write', [p99('ours'), p99('naive')], {
      holds: ([ours = NaN, naive = NaN]) => ours < naive,
      format: ms,
      say: (ours = '', naive = '') => `${ours} ms, the naive ${naive} ms`,
    }),
    under('Idle, acknowledged to visible: p99 under 50 ms', idle?.p99, 50, ms, 'ms'),
    atLeast(`Catching up with a backlog: at least 0.7 of ${bare}`, drain?.ratio, 0.7),
    atLeast(`Replay: at least 0.7 of ${bare}`, replay?.ratio, 0.7),
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
      `At 64 connections some answers had an error status (${caveat}): the first three rows are worth less for it.`,
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

/** @param {NonNullable<Measured['commands']>} commands @param {Measured['ratios']} ratios */
function commandsPart(commands, ratios) {
  const connections = commands.map((each) => each.connections).join(', ');
  const rows = commands.flatMap((each) =>
    SUBJECTS.flatMap((subject) => {
      const result = each.results.find((one) => one.subject === subject);
      if (!result) return [];
      const { rate, p50, p99, refused, megabytes } = result;
      const figures = [whole(rate), ms(p50), ms(p99), whole(refused), whole(megabytes)];
      return [[String(each.connections), LABELS[subject], ...figures]];
    }),
  );
  return [
    `![Commands per second and p99 latency of HTTP only, the naive dual write and this project, by connections: ${connections}](performance.svg)`,
    `A command registers a customer. *HTTP only* is the same framework, which reads the body and returns a constant. *Naive dual write* is the obvious implementation: \`insertOne\`, then \`producer.send\`, each command by itself. If it is killed between the two, it loses the event. *This project* is the real service with outbox, relay, history projection and validation.`,
    table(['connections', 'subject', 'commands/s', 'p50, ms', 'p99, ms', 'errors', 'MB resident'], rows, [1]),
    ratios &&
      `At 64 connections this project does ${ratio(ratios.naive)} times the commands/s of the naive dual write, and ${ratio(ratios.httpOnly)} of HTTP only. Figures are medians over the rounds; these two ratios are medians of the ratios of each round.`,
  ];
}

/** @param {NonNullable<Measured['changes']>} changes */
function changesPart({ naive, ours, ratio: oursToNaive }) {
  const row = (/** @type {string} */ label, /** @type {Rate} */ { rate, p99 }) => [label, whole(rate), ms(p99)];
  return [
    `Changes of 5,000 existing customers at random, at 64 connections. The naive dual write finds, replaces and sends, each command by itself, and loses concurrent changes. This project finds and saves in batches, and checks each version.`,
    table(
      ['subject', 'commands/s', 'p99, ms', 'ratio'],
      [row(LABELS.naive, naive).concat(''), row(LABELS.ours, ours).concat(ratio(oursToNaive))],
    ),
  ];
}

/** @param {Visible[]} visible */
function visiblePart(visible) {
  const rows = visible.map(({ load, rate, p50, p99, max, samples, backlogBegin, backlogEnd }) => [
    load,
    whole(rate),
    ...[p50, p99, max].map((value) => ms(value)),
    whole(samples),
    backlogBegin === undefined ? '' : whole(backlogBegin),
    backlogEnd === undefined ? '' : whole(backlogEnd),
  ]);
  const backlog = visible.some(({ backlogBegin, backlogEnd }) => (backlogBegin ?? backlogEnd) !== undefined);
  const head = ['load', 'commands/s', 'p50, ms', 'p99, ms', 'max, ms', 'samples', 'backlog, begin', 'backlog, end'];
  const columns = backlog ? head.length : head.length - 2;
  return [
    `Milliseconds from the acknowledgement in accounts to the response of orders that waits for its copy of the customer (\`Prefer: wait\`). *At 70 %* is measured during a load of 70 % of this project's maximum throughput.${backlog ? ' The backlog is the number of events that orders had not consumed at the beginning and at the end: it stays constant if orders keeps up.' : ''}`,
    table(
      head.slice(0, columns),
      rows.map((row) => row.slice(0, columns)),
    ),
  ];
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

/** @param {NonNullable<Measured['replay']>} replay */
function replayPart({ events, ours, bare, ratio: oursToBare, megabytes }) {
  return [
    `\`replay\` rebuilds MongoDB from the log while a service runs ([how](decisions/0009-replay-beside-a-running-service.md)). The bare script writes the same documents with a plain loop that batches its writes, without checks, catching up or a swap.`,
    table(
      ['events', 'this project, events/s', 'bare script, events/s', 'ratio', 'this project, MB resident'],
      [[whole(events), whole(ours), whole(bare), ratio(oursToBare), whole(megabytes)]],
      [],
    ),
  ];
}

/** @param {NonNullable<Measured['scale']>} scale */
function scalePart({ customers, empty, full, ratio: fullToEmpty }) {
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
