import { describe, expect, it } from '@jest/globals';
import { CONTEXTS } from '../src/contexts.js';
import type { AsyncApiDocument } from '../src/platform/http/pages/async-api-document.js';
import { eventsPage } from '../src/platform/http/pages/events-page.js';
import { documentsOf } from '../src/platform/process/documents.js';

const documentOf = (contexts: typeof CONTEXTS) => documentsOf(contexts, 6).asyncApi as AsyncApiDocument;
const selections = [
  ['all modules', documentOf(CONTEXTS)],
  ...CONTEXTS.map((context) => [`${context.name} alone`, documentOf([context])]),
] as [string, AsyncApiDocument][];

const HOSTILE = `"><img src=x onerror=alert(1)>'&<script>`;

describe.each(selections)('the page on the events of %s', (_selection, document) => {
  const page = eventsPage(document);
  const text = page.replaceAll('<wbr />', '');

  it('has a section for each topic, and each message', () => {
    const ids = idsIn(page);
    expect(ids).toEqual(expect.arrayContaining(Object.keys(document.channels)));
    const { deadLetter: _shared, ...messages } = document.components.messages;
    expect(ids).toEqual(expect.arrayContaining(Object.keys(messages)));
  });

  it('links to nothing that is not there', () => {
    const ids = idsIn(page);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = [...page.matchAll(/ (?:href|aria-labelledby)="#?([^"./][^"]*)"/g)].map(([, target]) =>
      String(target),
    );
    const files = ['events.css', 'favicon-32x32.png'];
    expect(targets.filter((target) => !ids.includes(target) && !files.includes(target))).toEqual([]);
  });

  it('loads nothing from anywhere else, and has no script', () => {
    expect(page).not.toMatch(/<script|<iframe|javascript:| on\w+=/i);
    expect([...page.matchAll(/ (?:src|href)="((?:\w+:)?\/\/[^"]*)"/g)]).toEqual([]);
  });

  it('says who publishes and who reads, in which group', () => {
    for (const { summary, bindings } of Object.values(document.operations)) {
      const group = bindings?.kafka?.groupId?.enum[0];
      if (!summary.includes('dead-letter')) expect(text).toContain(escaped(summary));
      if (group !== undefined) expect(text).toContain(`group ${group}`);
    }
  });

  it('shows every example', () => {
    const examples = Object.values(document.components.messages).flatMap((message) => message.examples ?? []);
    const events = examples.filter(({ headers }) => headers === undefined);
    expect(events).not.toEqual([]);
    for (const { payload } of events) expect(page).toContain(escaped(JSON.stringify(payload, null, 2)));
  });

  it('escapes whatever the document says', () => {
    const hostile = eventsPage(withHostileTexts(document));
    expect(hostile).not.toContain('<img');
    const tagsIn = (html: string) => [...html.matchAll(/<[^>]*>/g)].length;
    expect(hostile).toContain('&lt;img src=x onerror=alert(1)&gt;');
    expect(tagsIn(hostile)).toBe(tagsIn(page));
  });
});

describe('the page on the events', () => {
  const rows = rowsOf(eventsPage(documentOf(CONTEXTS)), 'accounts.customer.changed.v3');

  it.each([
    ['customer.id', 'in clear text'],
    ['customer.updatedAt', 'in clear text'],
    ['changed', 'in clear text'],
    ['customer.name', 'personal'],
    ['customer.name.firstName', 'personal'],
    ['customer.addresses[].city', 'personal'],
  ])('shows that %s is %s', (field, expected) => {
    const row = rows.find((each) => each.includes(`<code>${field}</code`));
    expect(row).toBeDefined();
    expect([field, row?.includes('<mark>personal</mark>') ? 'personal' : 'in clear text']).toEqual([field, expected]);
  });

  it('distinguishes the current version of a message from older ones', () => {
    const page = eventsPage(documentOf(CONTEXTS));
    const ageOf = (name: string) => /class="tag[^>]*>([^<]*)/.exec(page.split(` id="${name}"`)[1] ?? '')?.[1];
    expect(['v3', 'v2', 'v1'].map((version) => ageOf(`accounts.customer.registered.${version}`))).toEqual([
      'current',
      'older version',
      'older version',
    ]);
  });
});

function idsIn(page: string): string[] {
  return [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => String(id));
}

/** The rows of the first table of a message. */
function rowsOf(page: string, message: string): string[] {
  const [, of = ''] = page.split(` id="${message}"`);
  return of.split('</table>')[0]!.replaceAll('<wbr />', '').split('<tr>');
}

/** The same document with a hostile end of every text that is no reference. */
function withHostileTexts(document: AsyncApiDocument): AsyncApiDocument {
  const shown = ['title', 'version', 'summary', 'description', 'format', 'pattern', 'source', 'actor', 'firstName'];
  return JSON.parse(JSON.stringify(document), (name, value: unknown) =>
    shown.includes(name) && typeof value === 'string' ? `${value}${HOSTILE}` : value,
  ) as AsyncApiDocument;
}

function escaped(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}
