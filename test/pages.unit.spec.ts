import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseConfig, settingNames } from '../src/platform/operating/config/config.js';

const PAGES = [
  'README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).flatMap((file) =>
    file.endsWith('.md') ? [join('docs', file)] : [],
  ),
];

describe('the pages', () => {
  it.each(PAGES)('%s links to what is there', (page) => {
    const links = [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    const broken = links.filter(([, path = '', heading]) => {
      const target = path === '' ? page : normalize(join(dirname(page), path));
      return !existsSync(target) || (heading !== undefined && !headingsOf(target).includes(heading));
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  it('name npm scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const named = PAGES.flatMap((page) => [...readFileSync(page, 'utf8').matchAll(/npm run (?:--silent )?([\w:-]+)/g)]);
    expect(named.length).toBeGreaterThan(5);
    expect(named.map(([, name]) => name).filter((name) => scripts[String(name)] === undefined)).toEqual([]);
  });
});

describe('the page on configuration', () => {
  const rows = readFileSync('docs/configuration.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const names = settingNames(['accounts', 'orders']);

  /** The cell with the value of a setting that is not set. */
  const defaultOf = (name: string) => rows.find(([, setting]) => setting === `\`${name}\``)?.[2];

  it('lists every setting, and no other', () => {
    const listed = new Set(rows.flatMap(([, setting = '']) => namesIn(setting)));
    expect([...listed].sort()).toEqual([...names].sort());
  });

  it('tells what each is where it is not set', () => {
    const defaults = parseConfig({}) as Readonly<Record<string, unknown>>;
    const told = rows.flatMap(([, setting = '', ...cells]) => {
      const [value] = namesIn(cells.length > 3 ? cells[1] : cells[0]);
      return namesIn(setting).map((name) => [name, value] as const);
    });
    // What Kafka calls otherwise is in two tables, and has to be told in one of them alone.
    const values = new Map(told.filter(([, value]) => value !== undefined));
    const expected = names.filter((name) => defaults[name] !== undefined).map((name) => [name, String(defaults[name])]);
    // It is another one on an older Node.js, which the page tells as well.
    expect(defaultOf('KAFKA_COMPRESSION')).toContain(`\`${defaults.KAFKA_COMPRESSION}\``);
    values.set('KAFKA_COMPRESSION', String(defaults.KAFKA_COMPRESSION));
    values.set(
      'HTTP_BODY_LIMIT',
      String(parseConfig({ HTTP_BODY_LIMIT: values.get('HTTP_BODY_LIMIT') }).HTTP_BODY_LIMIT),
    );
    // It depends on the terminal; and the OpenTelemetry SDK has its own defaults.
    const isElsewhere = (name: string) => name === 'LOG_FORMAT' || name.startsWith('OTEL_');
    const stated = [...values].filter(([name]) => !isElsewhere(name));
    expect(stated.sort()).toEqual(expected.filter(([name = '']) => !isElsewhere(name)).sort());
  });
});

function headingsOf(page: string): string[] {
  const headings = [...readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm)];
  return headings.map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** What stands in backticks. */
function namesIn(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]*)`/g)].map(([, name]) => String(name));
}
