// Words the workloads of an open benchmark: a part of docs/performance.md.
import { ms, table, whole } from './markdown.mjs';
import { LABELS } from './plot.mjs';

/** @param {import('../experiments/yardstick.mjs').YardstickResult[]} results */
export function yardstickPart(results) {
  const rows = results.map(({ name, clients, subject, rate, p50, p95, p99, p999, refused }) => [
    name,
    whole(clients),
    subject === 'ours' ? LABELS.ours : 'Emmett',
    ...[whole(rate), ...[p50, p95, p99, p999].map((value) => ms(value)), whole(refused)],
  ]);
  return [
    `Workloads of [Event Store Benchmark Suite](https://github.com/pyeventsourcing/eventstore-benchmarks), an open benchmark of event stores, by their names there and in its terms: events per second and percentiles of the latency of an operation. There, each client of a workload sends one operation after the other. A writer appends one event of so many bytes at a time, and begins another stream after ten. A reader reads up to 100 events of a stream that it chooses evenly from 1,000 streams of ten events each.`,
    `Here, the operations are requests over HTTP, because neither subject has another way in: the first event of a stream is a new customer, the others are changes of it, each with so many bytes of JSON, and a read is the page of the history of one customer. So an append includes the validation, the check of the version and the current state. The events that this project stores are larger, because each states the whole customer. Its history names the changed fields, without their values; Emmett returns whole events. The figures cannot be compared with those published there: those stores take bare events, from a client in Rust. The workloads here run for \`--seconds\` (5 by default; most there for 60), after a common warm-up. Those that mix reads and writes are left out: there, the share of reads that find a stream depends on the run.`,
    table(
      ['workload', 'clients', 'subject', 'events/s', 'p50, ms', 'p95, ms', 'p99, ms', 'p999, ms', 'errors'],
      rows,
      [0, 2],
    ),
  ];
}
