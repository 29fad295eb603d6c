import { describe, expect, it } from '@jest/globals';
import { mediansOf } from '../bench/experiments/turns.mjs';
import { stages } from '../bench/load/stages.mjs';
import { plotBefore } from '../bench/report/before.mjs';
import { costsOf, plotCosts } from '../bench/report/costs.mjs';
import { merge } from '../bench/report/merge.mjs';
import { report } from '../bench/report/report.mjs';
import { plotStages } from '../bench/report/visible.mjs';

type Measured = Parameters<typeof report>[0];
type Result = NonNullable<Measured['commands']>[number]['results'][number];

const IN_TIME = { backlog: 0.01, catchUpSeconds: 0.1, doneRate: 980 };
const BEHIND = { backlog: 0.63, catchUpSeconds: 7.2, doneRate: 410 };

describe('the report of the bench', () => {
  it.each([
    [4, 3, 'yes, 4.00 times', 'yes, 3.00 times'],
    [3.999, 2.999, '**no**, 3.999 times', '**no**, 2.999 times'],
  ])('judges ratios of %d and %d to the naive dual write with its consumer', (naive, ratio, commands, changes) => {
    const ratios = { naive: 2, naiveDone: naive, httpOnly: 0.7 };
    const goals = goalsOf({ ratios, changes: { results: [], ratio: 1.5, doneRatio: ratio } });
    expect(goals[0]).toMatch(/naive dual write with its consumer/);
    expect(goals[0]).toContain(`| ${commands} |`);
    expect(goals[1]).toContain(`| ${changes} |`);
  });

  it('says of a goal that was not measured that it was not', () => {
    expect(goalsOf({})[0]).toContain('| not measured |');
  });

  describe('of some parts, merged into that of all', () => {
    const drained = (ours: number) => ({ events: 10, ours, bare: 100, ratio: ours / 100 });
    const reportOf = (ours: number) =>
      report({ commands: [{ connections: 64, results: RESULTS }], drain: drained(ours) });

    it('replaces their sections and goals, and leaves the others', () => {
      expect(merge(reportOf(50), report({ drain: drained(90) }))).toBe(reportOf(90));
      expect(reportOf(50)).not.toBe(reportOf(90));
    });

    it('has the goals of today, also where the page has others', () => {
      const page = reportOf(50).replace('| Catching up with a backlog', '| Catching up, as it was called');
      expect(merge(page, report({ drain: drained(90) }))).toBe(reportOf(90));
    });

    it('adds a section that was not there, before the last one', () => {
      const process = { embeddedStartMs: 900, realStartMs: 2000, idleMegabytes: 140, loadMegabytes: 280 };
      const merged = merge(report({ process }), report({ drain: drained(90) }));
      expect(merged.match(/^## .*$/gm)?.slice(-2)).toEqual(['## Catching up with a backlog', '## The process']);
    });

    it('is refused when it was measured on another machine', () => {
      const other = `${report({ drain: drained(90) })}\n## Machine\n\n| processor | another |\n`;
      expect(() => merge(reportOf(50), other)).toThrow('the page was measured on another machine');
    });
  });

  it('shows how far each consumer was behind, and leaves those out who have none', () => {
    const page = report({ commands: [{ connections: 64, results: RESULTS }] });
    expect(page).toContain('| 64 | naive dual write | 63 % | 7.2 s | 410 |');
    expect(page).toContain('| 64 | this project | 1 % | 0.1 s | 980 |');
    expect(page).not.toMatch(/HTTP only.* %/);
  });

  it('shows the CPU time of a command by process, and together', () => {
    const page = report({ commands: [{ connections: 64, results: RESULTS }] });
    expect(page).toContain('| a new customer | this project | 400 | 100 | 150 | 50 | 700 |');
    expect(page).toContain('| a new customer | Emmett, no Kafka | 600 |  | 300 |  | 900 |');
  });

  it('shows each workload of the yardstick by its name', () => {
    const figures = { rate: 1234, p50: 1, p95: 2, p99: 3, p999: 4, refused: 0 };
    const page = report({ yardstick: [{ name: 'baseline-writes-w16', clients: 16, subject: 'ours', ...figures }] });
    expect(page).toContain('| baseline-writes-w16 | 16 | this project | 1,234 | 1.0 | 2.0 | 3.0 | 4.0 | 0 |');
  });
});

describe('the picture of the CPU time', () => {
  it('compares the two that do the same work, and says all figures in words', () => {
    const costs = costsOf({ commands: [{ connections: 64, results: RESULTS }] });
    const picture = plotCosts(costs);
    expect(picture).toContain(
      'this project, a new customer: 700 µs (accounts 400, orders 100, MongoDB 150, Kafka 50).',
    );
    expect(picture).toContain('naive dual write, a new customer: 1,600 µs');
    expect(picture).not.toContain('Emmett');
  });

  it('is drawn without figures, too', () => {
    expect(plotCosts([])).toContain('Nothing was measured.');
  });
});

describe('the comparison with a former version', () => {
  const compared = (before: number, now: number) => ({ before, now, ratio: now / before });
  const turns = { rate: compared(1000, 1250), cpu: compared(1200, 900) };
  const latency = { p50: compared(50, 10), p99: compared(100, 25) };
  const BEFORE = {
    version: 'ad8afd8',
    services: { chain: latency, loaded: latency, commands: turns, changes: turns },
    replays: {
      all: compared(6000, 9000),
      states: compared(6000, 24_000),
      workers: compared(6000, 12_000),
      copies: compared(5000, 9000),
    },
  };

  it('shows what both came to, and how many times that is', () => {
    const page = report({ before: BEFORE });
    expect(page).toContain('| to visible, one after another, p50, ms | 50.0 | 10.0 | 0.20 |');
    expect(page).toContain('| replay of the states, events/s | 6,000 | 24,000 | 4.00 |');
  });

  it('is drawn as the time that is needed, of rates, too', () => {
    const picture = plotBefore(BEFORE);
    expect(picture).toContain('replay of the states: 25 % (of before 25).');
    expect(picture).toContain('CPU time of a change: 75 % (of before 75).');
  });
});

describe('the stages from acknowledged to visible', () => {
  const span = (name: string, service: string, start: number, end: number) => ({ name, service, start, end });
  const SPANS = [
    span('POST /accounts/customers', 'accounts', 0, 10),
    span('publish accounts.customer.change', 'accounts', 9, 14),
    span('apply accounts.customer.change', 'accounts', 14, 99),
    span('apply accounts.customer.change', 'orders', 15, 18),
    span('GET /orders/customers/{customerId}', 'orders', 11, 20),
  ];

  it('are what lies between the spans, and none is negative where they overlap', () => {
    expect(stages(SPANS)).toEqual({ relay: 0, publish: 4, fetch: 1, apply: 3, answer: 2 });
  });

  it('are unknown until each span has arrived', () => {
    for (const missing of [0, 1, 3, 4]) expect(stages(SPANS.filter((_, index) => index !== missing))).toBeUndefined();
  });

  it('are shown for each load where they were recorded, and drawn', () => {
    const figures = { subject: 'ours', rate: 0, p50: 9, p99: 20, max: 30, samples: 500 } as const;
    const visible = [
      { ...figures, load: 'one after another' as const, stages: stages(SPANS)! },
      { ...figures, load: 'idle' as const },
    ];
    expect(report({ visible })).toContain('| one after another | 0.0 | 4.0 | 1.0 | 3.0 | 2.0 |');
    expect(plotStages(visible)).toContain('one after another: 10.0 ms (in the relay 0.0, publish 4.0, fetch 1.0');
  });
});

describe('the figures of several turns', () => {
  it('are the medians, of each process on its own', () => {
    const turns = [1, 9, 2].map((each) => ({ ...turnOf(each), backlog: each / 10, catchUpSeconds: each }));
    expect(mediansOf(turns)).toMatchObject({ rate: 2, cpu: { accounts: 2 }, backlog: 0.2, catchUpSeconds: 2 });
  });

  it('have no backlog without a consumer', () => {
    expect(mediansOf([turnOf(1)])).not.toHaveProperty('backlog');
  });
});

const RESULTS: Result[] = [
  resultOf('http-only', { accounts: 90 }),
  resultOf('emmett', { accounts: 600, mongodb: 300 }),
  { ...resultOf('naive', { accounts: 500, orders: 500, mongodb: 400, kafka: 200 }), ...BEHIND },
  { ...resultOf('ours', { accounts: 400, orders: 100, mongodb: 150, kafka: 50 }), ...IN_TIME },
];

function resultOf(subject: Result['subject'], cpu: Result['cpu']): Result {
  return { subject, cpu, rate: 1000, doneRate: 1000, p50: 10, p99: 20, refused: 0, megabytes: 100 };
}

function turnOf(value: number) {
  const latencies = { p50: value, p90: value, p95: value, p99: value, p999: value, max: value };
  return { requests: value, rate: value, doneRate: value, refused: 0, ...latencies, cpu: { accounts: value } };
}

/** The rows of the table of goals. */
function goalsOf(measured: Measured): string[] {
  const [, rest = ''] = report(measured).split('| goal | reached |\n| --- | --- |\n');
  return rest.split('\n\n')[0]!.split('\n');
}
