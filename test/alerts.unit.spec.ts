import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inMemory } from '../src/platform/process/backends.js';
import { CONTEXTS } from '../src/contexts.js';
import { parseConfig } from '../src/platform/operating/config/config.js';
import { Process } from '../src/platform/process/process.js';
import { silentLogger } from '../src/platform/testing/silent-logger.js';
import { metricsIn } from './support/promql.js';

const DASHBOARDS = 'config/grafana';
/** The variable of a dashboard, in Grafana's syntax. */
const DATASOURCE = '$' + '{datasource}';
/** Prometheus makes it. */
const UP = 'up';

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
  readonly panels: readonly {
    readonly title: string;
    readonly description?: string;
    readonly type: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly datasource?: { readonly uid: string };
    readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
  }[];
}

const rules = readFileSync('config/prometheus/alerts.yaml', 'utf8');
const tests = readFileSync('config/prometheus/alerts.test.yaml', 'utf8');
const operations = readFileSync('docs/operations.md', 'utf8');
const alerts = rules
  .split(/^ {6}- alert: /m)
  .slice(1)
  .map((rule) => ({ name: /^\w+/.exec(rule)![0], rule }));
const files = readdirSync(DASHBOARDS);
const dashboards = files.map(
  (file) => [file, JSON.parse(readFileSync(join(DASHBOARDS, file), 'utf8')) as Dashboard] as const,
);

/** The expression of a rule, on one line or folded. */
function expressionOf(rule: string): string {
  return /expr: (?:>-\n)?([\s\S]*?)\n {8}\w+:/.exec(rule)![1]!;
}

describe('alerts and dashboards', () => {
  let running: Process;
  let exposed: ReadonlySet<string>;

  beforeAll(async () => {
    const config = parseConfig({ PORT: 0, MANAGEMENT_PORT: 0, DRAIN_MS: 0 });
    running = new Process(config, CONTEXTS, inMemory(silentLogger), silentLogger);
    await running.start();
    const text = await (await fetch(`http://127.0.0.1:${running.ports.managementPort}/metrics`)).text();
    const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)];
    exposed = new Set(
      types.flatMap(([, name, type]) =>
        type === 'histogram' ? ['bucket', 'count', 'sum'].map((part) => `${name}_${part}`) : [name!],
      ),
    );
  });

  afterAll(() => running.stop());

  it('read the metrics of an expression', () => {
    const expression =
      'sum by (topic, le) (rate(a_bucket{status=~"5..", b="c_d"}[5m])) / on (x) group_left (y) e:f unless max(g) > 0 or h';
    expect(metricsIn(expression)).toEqual(['a_bucket', 'e:f', 'g', 'h']);
  });

  it.each(alerts)('alert on what a process measures: $name', ({ rule }) => {
    const names = metricsIn(expressionOf(rule));
    expect(names).not.toEqual([]);
    expect(names.filter((name) => name !== UP && !exposed.has(name))).toEqual([]);
  });

  it.each(alerts)('say how severe it is, what happens and where to read on: $name', ({ name, rule }) => {
    expect(rule).toMatch(/^ {10}severity: (?:critical|warning)$/m);
    expect(rule).toMatch(/^ {10}summary: '.+\.'$/m);
    expect(rule).toMatch(new RegExp(`^ {10}runbook_url: docs/operations\\.md#${name.toLowerCase()}$`, 'm'));
    const [, paragraph = ''] = new RegExp(`^### ${name}\n\n(.+)$`, 'm').exec(operations) ?? [];
    expect(paragraph.length).toBeGreaterThan(100);
  });

  it.each(alerts)('are tested for firing and for not firing: $name', ({ name }) => {
    const own = tests.split(/^ {2}- name: /m).filter((test) => test.includes(`alertname: ${name}\n`));
    expect(own.some((test) => /exp_alerts:\n/.test(test))).toBe(true);
    expect(own.some((test) => !/exp_alerts:\n/.test(test) && test.includes('exp_alerts: []'))).toBe(true);
  });

  it('document no alert that does not exist', () => {
    const section = operations.slice(operations.indexOf('## Alerts\n')).split(/^## /m)[1]!;
    const documented = [...section.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
    expect(documented).toEqual(alerts.map(({ name }) => name));
  });

  it('are the same rules in Kubernetes', () => {
    const rule = readFileSync('kubernetes/components/monitoring/prometheus-rule.yaml', 'utf8');
    const spec = rule.slice(rule.indexOf('spec:\n') + 'spec:\n'.length);
    expect(spec.replaceAll(/^ {2}/gm, '')).toBe(rules.slice(rules.indexOf('groups:\n')));
  });

  it.each(dashboards)('show what a process measures, from a data source to choose: %s', (file, dashboard) => {
    expect(`${dashboard.uid}.json`).toBe(file);
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(38);
    expect(dashboard.templating.list).toContainEqual(
      expect.objectContaining({ name: 'datasource', type: 'datasource' }),
    );
    const panels = dashboard.panels.filter(({ type }) => type !== 'row');
    expect(panels.length).toBeGreaterThan(3);
    for (const { title, description, datasource, targets = [] } of panels) {
      expect([title, description === undefined]).toEqual([title, false]);
      expect([title, datasource?.uid]).toEqual([title, DATASOURCE]);
      expect(targets).not.toEqual([]);
      for (const { expr, datasource: source } of targets) {
        expect(source.uid).toBe(DATASOURCE);
        expect([title, metricsIn(expr).filter((name) => name !== UP && !exposed.has(name))]).toEqual([title, []]);
      }
    }
  });

  it.each(dashboards)('have panels that do not overlap: %s', (_file, { panels }) => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)}/${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });
});
