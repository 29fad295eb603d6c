import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { type Constants, constantsIn, SOURCES } from '../bench/capacity/constants.mjs';
import { DEFAULT_PARTITIONS, MAX_PODS, MIN_PODS, TEMPORARY_GB } from '../bench/capacity/facts.mjs';
import { figuresIn } from '../bench/capacity/figures.mjs';
import { inputsWith, PRICE_PAGES, TIERS } from '../bench/capacity/inputs.mjs';
import {
  counts,
  dollars,
  enoughUntil,
  exceeded,
  kafka,
  limits,
  mongodb,
  processes,
  rebuilds,
  shardsFor,
} from '../bench/capacity/model.mjs';
import { capacityPage } from '../bench/capacity/page.mjs';
import { gigabytes, hours, many } from '../bench/capacity/words.mjs';
import { parseConfig } from '../src/platform/operating/config/config.js';

const performance = readFileSync('docs/performance.md', 'utf8');

/** Simple enough to calculate by hand: a kilobyte each, a thousand a second. */
const CONSTANTS = {
  ...Object.fromEntries(Object.keys(SOURCES).map((name) => [name, 1_000])),
  accountVersions: 1,
} as Constants;
/** A million customers who register and do nothing else. */
const QUIET = inputsWith({ customers: 1e6, years: 1, changesPerYear: 0, ordersPerYear: 0, erasedShare: 0 });

describe('the page on capacity', () => {
  it('is what the measured figures and the formulas say', () => {
    if (readFileSync('docs/capacity.md', 'utf8') === capacityPage(performance)) return;
    throw new Error('docs/capacity.md is stale. Run: node bench/capacity.mjs --write');
  });

  it('can be read in ten minutes', () => {
    const tables = /^\|.*\n/gm;
    expect(capacityPage(performance).replaceAll(tables, '').split(/\s+/).length).toBeLessThan(2_000);
  });

  it('names the page and the time of each price', () => {
    for (const { page, read } of PRICE_PAGES) {
      expect(new URL(page).protocol).toBe('https:');
      expect(read).toMatch(/^(by others|from a copy|here), (20\d\d|undated)/);
    }
  });
});

describe('the constants', () => {
  it('are more than nothing, or not measured', () => {
    for (const [name, value] of Object.entries(constantsIn(performance))) {
      expect({ [name]: value > 0 || Number.isNaN(value) }).toEqual({ [name]: true });
    }
  });

  it('that are not measured leave the rest as it is', () => {
    const page = capacityPage(performance.replace(/^(\| verify \|).*$/m, '$1 not measured | 1 | not measured |'));
    expect(page).toMatch(/^\| verify: accounts, orders \| not measured, not measured \|/m);
    expect(page).toMatch(/^\| the temporary folder of a rebuild \| 2\.1 GB \| [\d,]+ \| \*\*/m);
    expect(page).not.toContain('NaN');
  });

  it('each name a part that the bench has', () => {
    const parts = [...readFileSync('bench/run.mjs', 'utf8').matchAll(/onServers\('(\w+)'/g)].map(([, part]) => part);
    const named = Object.values(SOURCES).flatMap(({ command }) => command.split(' ').at(-1)?.split(',') ?? []);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((part) => !parts.includes(part))).toEqual([]);
  });

  it.each([
    ['a cell', { section: 'One', column: 'size', row: ['b'] }, 2_345],
    ['a cell with a unit', { section: 'Two', column: '', row: ['memory'] }, 12],
    ['a number in a sentence', { section: 'One', sentence: /after (\d+) rounds/ }, 7],
  ])('are found in %s', (_where, place, figure) => {
    expect(figuresIn(PAGE)(place)).toBe(figure);
  });

  it.each([
    ['section', { section: 'Three', column: 'size', row: ['b'] }],
    ['row', { section: 'One', column: 'size', row: ['c'] }],
    ['column', { section: 'One', column: 'weight', row: ['b'] }],
    ['sentence', { section: 'One', sentence: /before (\d+) rounds/ }],
  ])('are missed if there is no such %s', (_what, place) => {
    expect(() => figuresIn(PAGE)(place)).toThrow('no such figure');
  });
});

describe('the limits that the page tells', () => {
  const manifest = (file: string) => readFileSync(`kubernetes/base/${file}.yaml`, 'utf8');

  it('are those of the manifests', () => {
    expect(manifest('service-pod')).toContain(`sizeLimit: ${TEMPORARY_GB / 1.073_741_824}Gi`);
    for (const module of ['accounts', 'orders']) {
      expect(manifest(module)).toContain(`maxReplicas: ${MAX_PODS}\n`);
      expect(manifest(module)).toContain(`minReplicas: ${MIN_PODS}\n`);
    }
  });

  it('are those of the settings', () => {
    expect(parseConfig({}).KAFKA_TOPIC_PARTITIONS).toBe(DEFAULT_PARTITIONS);
  });
});

describe('the formulas', () => {
  it('count the events of customers, changes, orders, erasures and redactions', () => {
    const inputs = inputsWith({ customers: 100, years: 2, changesPerYear: 3, ordersPerYear: 5, eventsPerOrder: 2 });
    expect(counts({ ...inputs, erasedShare: 0.1 })).toMatchObject({
      customerEvents: 100 + 600 + 10,
      orders: 1_000,
      orderEvents: 2_000 + 50,
      keys: 90,
      copies: 90,
    });
  });

  it('spread commands over the years, and multiply them for the peak', () => {
    const { meanCommands, peakCommands } = counts({ ...QUIET, customers: 31_536_000, peakFactor: 10 });
    expect(meanCommands).toBeCloseTo(1);
    expect(peakCommands).toBeCloseTo(10);
  });

  it('add events and keys of the log, and multiply them by the replicas', () => {
    const log = kafka({ ...QUIET, replicas: 3, diskFill: 0.5 }, CONSTANTS);
    expect(log).toMatchObject({ customers: 1, orders: 0, keys: 1, one: 2, all: 6 });
    // With the copy of a topic, and half of the disk empty.
    expect(log.disk).toBeCloseTo(18);
  });

  it('know only batches that were measured', () => {
    expect(() => kafka({ ...QUIET, eventsInBatch: 5 }, CONSTANTS)).toThrow('1, 10 or 83');
  });

  it('add documents and indexes of all collections', () => {
    const data = mongodb({ ...QUIET, idempotentShare: 0, hotDocuments: 0, hotIndexes: 1, cacheShare: 0.5 }, CONSTANTS);
    // Customers, their history, and their copies and keys in orders.
    expect(data.file).toBeCloseTo(4);
    expect(data.indexes).toBeCloseTo(4);
    expect(data.memory).toBeCloseTo(8);
    expect(data.all).toBeCloseTo(24);
  });

  it('leave room for the collections of a module that is rebuilt', () => {
    const { one, oplog, disk } = mongodb({ ...QUIET, diskFill: 1, idempotentShare: 0 }, CONSTANTS);
    expect(disk).toBeCloseTo(one + one / 2 + oplog);
  });

  it('need twice of everything that is stored for twice the customers', () => {
    const [once, twice] = [inputsWith(), inputsWith({ customers: 2e6 })].map((inputs) => ({
      log: kafka(inputs, CONSTANTS).all,
      data: mongodb(inputs, CONSTANTS).all,
      hours: rebuilds(inputs, CONSTANTS).replayOrders,
      cores: processes(inputs, CONSTANTS).cores,
    }));
    for (const [name, value] of Object.entries(once ?? {})) {
      expect({ [name]: twice?.[name as 'log'] }).toEqual({ [name]: expect.closeTo(2 * value, 6) });
    }
  });

  it('rebuild with the measured speed, orders with the events of customers, too', () => {
    const inputs = { ...QUIET, customers: 3.6e6, ordersPerYear: 1, eventsPerOrder: 2 };
    expect(rebuilds(inputs, CONSTANTS)).toMatchObject({ replayAccounts: 1, replayOrders: 3, verifyOrders: 3 });
    // Since a checkpoint: each customer and order, and the events of a day.
    const { sinceAccounts, sinceOrders } = rebuilds(inputs, CONSTANTS);
    expect([sinceAccounts, sinceOrders]).toEqual([expect.closeTo(1 + 1 / 365), expect.closeTo(2 + 3 / 365)]);
  });

  it('double the partitions until pods and consumers have enough', () => {
    const partitions = (peakFactor: number) => processes({ ...QUIET, peakFactor }, CONSTANTS).partitions;
    const meanOfPeak = counts(QUIET).peakCommands / QUIET.peakFactor;
    // A consumer applies a thousand events a second, and has to catch up with twice the peak.
    expect(partitions(1)).toBe(6);
    expect(partitions(3_500 / meanOfPeak)).toBe(12);
    expect(partitions(7_000 / meanOfPeak)).toBe(24);
  });

  it('take the smallest tier that fits, and shards where none does', () => {
    const largest = TIERS.at(-1)!;
    expect(shardsFor({ disk: 10, memory: 5 })).toMatchObject({ shards: 1, tier: { name: 'M30' } });
    expect(shardsFor({ disk: 600, memory: 5 })).toMatchObject({ shards: 1, tier: { name: 'M40' } });
    expect(shardsFor({ disk: 10, memory: 3 * largest.memory })).toMatchObject({ shards: 3, tier: largest });
    expect(shardsFor({ disk: 2 * largest.maxDisk, memory: 1 }).shards).toBe(2);
  });

  it('add up dollars, and backups only with a price', () => {
    const bill = dollars(inputsWith(), CONSTANTS);
    expect(bill.kafka + bill.mongodb + bill.kubernetes).toBeCloseTo(bill.all);
    const { one } = mongodb(inputsWith(), CONSTANTS);
    const withBackups = dollars(inputsWith({ backup: 0.5, backupCopies: 2 }), CONSTANTS);
    expect(withBackups.all - bill.all).toBeCloseTo(one);
  });

  it('tell which limits are exceeded, and up to how many customers each is enough', () => {
    const what = 'a replay within a day';
    const all = limits(inputsWith({ ...QUIET, customers: 1e12 }), CONSTANTS);
    expect(exceeded(all).map((limit) => limit.what)).toContain(what);
    expect(exceeded(limits({ ...QUIET, customers: 1 }, CONSTANTS))).toEqual([]);
    const until = enoughUntil(what, QUIET, CONSTANTS);
    expect(until / (24 * 3_600 * 1_000)).toBeCloseTo(1, 1);
  });
});

describe('the words', () => {
  it('have two or three digits', () => {
    expect([0.256, 25.4, 344.1, 2_540].map(gigabytes)).toEqual(['0.26 GB', '25 GB', '344 GB', '2.5 TB']);
    expect([0.5, 3.14, 72].map(hours)).toEqual(['30 min', '3.1 h', '3 days']);
    expect([5, 2.8e6, 1e9].map(many)).toEqual(['5', '2.8 million', '1 billion']);
  });
});

describe('the command', () => {
  const run = (...args: string[]) => spawnSync(process.execPath, ['bench/capacity.mjs', ...args], { encoding: 'utf8' });

  it('answers for other assumptions', () => {
    const { status, stdout } = run('--customers', '3e7', '--orders-per-year', '12');
    expect(status).toBe(0);
    expect(stdout).toContain('30 million customers');
  });

  it('lists its options', () => {
    expect(run('--help').stdout).toContain('--orders-per-year 4');
  });

  it.each([
    [['--customers', 'many'], '--customers must be a number'],
    [['--years', '0'], 'more than 0'],
    [['--erased-share', '2'], 'at most 1'],
    [['--events-in-batch', '5'], '1, 10 or 83'],
    [['--dogs', '1'], '--dogs'],
  ])('refuses %j', (args, reason) => {
    const { status, stderr } = run(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(reason);
  });
});

const PAGE = `# Page

## One

A text, after 7 rounds.

| name | size |
| --- | ---: |
| a | 1 |
| b | 2,345 |

## Two

|  |  |
| --- | --- |
| memory | 12 MB |
`;
