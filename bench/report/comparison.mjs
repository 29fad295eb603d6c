// Words how this project compares with what does the same work in another way: parts of docs/performance.md.
import { costsOf, ROLE_LABELS, ROLES, totalOf } from './costs.mjs';
import { ms, ratio, table, whole } from './markdown.mjs';
import { LABELS, SUBJECTS } from './plot.mjs';

/** @typedef {import('./report.mjs').Measured} Measured */
/** @typedef {import('./report.mjs').Turns} Turns */

const SUBJECTS_IN_WORDS = `- *HTTP only* is the same framework, which reads the body and returns a constant.
- *Emmett* is [Emmett](https://event-driven-io.github.io/emmett/)'s event store on MongoDB behind the same framework, as its samples have it: an event is appended to the stream of its customer, and an inline projection keeps the current state. It does less: no event leaves the process, no other context has a copy, and no data is sealed.
- *Naive dual write* is the obvious implementation of the same work, in two processes: accounts does \`insertOne\`, then \`producer.send\`, each command by itself; orders has a consumer that copies each customer with one upsert, message by message. If accounts is killed between its two steps, it loses the event.
- *This project* is the real service as two processes, accounts and orders, with outbox, relay, history projection and validation.`;

/** @param {NonNullable<Measured['commands']>} commands @param {Measured['ratios']} ratios */
export function commandsPart(commands, ratios) {
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
    `![Commands per second and p99 latency of HTTP only, Emmett, the naive dual write and this project, by connections: ${connections}](performance.svg)`,
    `A command registers a customer. A subject's turn ends when its consumer has copied each customer into the other context.`,
    SUBJECTS_IN_WORDS,
    table(['connections', 'subject', 'commands/s', 'p50, ms', 'p99, ms', 'errors', 'MB resident'], rows, [1]),
    ratios &&
      `At 64 connections this project does ${ratio(ratios.naive)} times the commands/s of the naive dual write, and ${ratio(ratios.httpOnly)} of HTTP only. Counted until each customer is copied, it does ${ratio(ratios.naiveDone)} times those of the naive dual write, whose consumer falls behind. Figures are medians over the rounds; these ratios are medians of the ratios of each round. *MB resident* is the most of all processes of the subject together.`,
    `Whether the consumer keeps up: the share of the events that it had not copied at the end of the load, the time that it took from then on, and the commands/s from the beginning of the load until then.`,
    keepingUp(commands),
  ];
}

/** A row for each load and subject with a consumer. @param {readonly { connections: number, results: Turns[] }[]} loads */
function keepingUp(loads) {
  const rows = loads.flatMap(({ connections, results }) =>
    results.flatMap(({ subject, backlog, catchUpSeconds, doneRate }) => {
      if (backlog === undefined) return [];
      return [[String(connections), LABELS[subject], percent(backlog), seconds(catchUpSeconds), whole(doneRate)]];
    }),
  );
  const head = ['connections', 'subject', 'backlog at the end', 'caught up after', 'commands/s until then'];
  return table(head, rows, [1]);
}

/** @param {number} share */
function percent(share) {
  return `${whole(share * 100)} %`;
}

/** @param {number | undefined} value */
function seconds(value = Number.NaN) {
  return `${whole(value, 1)} s`;
}

/** @param {NonNullable<Measured['changes']>} changes */
export function changesPart({ results, ratio: oursToNaive, doneRatio }) {
  const rows = results.map(({ subject, rate, p99, refused }) => [
    LABELS[subject],
    ...[whole(rate), ms(p99), whole(refused)],
    subject === 'ours' ? ratio(oursToNaive) : '',
  ]);
  return [
    `Changes of 5,000 existing customers at random, at 64 connections. The naive dual write finds, replaces and sends, each command by itself, and loses concurrent changes. Emmett reads the stream, appends with the expected version, and tries again on a conflict. This project finds and saves in batches, and checks each version.`,
    table(['subject', 'commands/s', 'p99, ms', 'errors', 'ratio to the naive'], rows),
    `Counted until each change is copied, this project does ${ratio(doneRatio)} times the commands/s of the naive dual write:`,
    keepingUp([{ connections: 64, results }]),
  ];
}

/** @param {Measured} measured */
export function costsPart(measured) {
  const { commands, changes } = measured;
  const at64 = commands?.find(({ connections }) => connections === 64)?.results ?? [];
  const kinds = [
    { command: 'a new customer', results: at64 },
    { command: 'a change', results: changes?.results ?? [] },
  ];
  const rows = kinds.flatMap(({ command, results }) =>
    results.map(({ subject, cpu }) => {
      const figures = ROLES.map((role) => (cpu[role] === undefined ? '' : whole(cpu[role])));
      return [command, LABELS[subject], ...figures, whole(totalOf(cpu))];
    }),
  );
  return [
    costsOf(measured).length > 0 &&
      '![CPU time of a command by process, of the naive dual write and this project](performance-cpu.svg)',
    `CPU time in microseconds for each command at 64 connections, from the beginning of the load until the consumer has caught up: of the subject's own processes, and of the servers. The servers' includes the little that the waiting subjects use.`,
    table(['command', 'subject', ...ROLES.map((role) => ROLE_LABELS[role]), 'together'], rows, [0, 1]),
  ].filter((block) => block !== false);
}
