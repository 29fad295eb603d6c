/** HTML that is safe to send: every value in it is escaped. */
export class Html {
  constructor(readonly text: string) {}
}

type Value = Html | string | number | undefined | readonly Value[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Escapes every value that is no HTML itself; undefined and an empty list are nothing.
 * @example
 * html`<b title="${title}">${names.map((name) => html`<i>${name}</i>`)}</b>`;
 */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  // Indentation of the templates is no part of the page.
  const [first = '', ...rest] = strings.map((string) => string.replaceAll(/\n\s*/g, '\n'));
  return new Html(rest.reduce((text, string, index) => `${text}${toText(values[index])}${string}`, first));
}

/** Returns a description as HTML: text in backticks is code. */
export function prose(text = ''): Html {
  return html`${text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}

function toText(value: Value): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(toText).join('');
  return String(value).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
