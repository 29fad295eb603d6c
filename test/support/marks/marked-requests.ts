import { gzipSync } from 'node:zlib';
import { type Ids, markedValue, type Schema, type Schemas, wrongVariants } from './marked-values.js';
import { markedCard, markedText } from './marks.js';

/** What is read of the OpenAPI document. */
export interface Api {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Schemas };
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

export interface MarkedRequest {
  /** The operation in the document; undefined for a request that has none. */
  readonly operation?: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Headers that any request may have. An id of the client is logged if it may be one: neither is an address nor a card. */
const headersOfAnyRequest = (): [string, string][] => [
  ...[
    'User-Agent',
    'Referer',
    'Cookie',
    'Authorization',
    'Accept',
    'Origin',
    'Host',
    'Forwarded',
    'From',
    'X-Unknown',
  ].flatMap((name) => [markedText(), markedCard()].map((value) => [name, value] as [string, string])),
  ['Authorization', `Bearer ${markedText()}`],
  ['Authorization', `Basic ${Buffer.from(`${markedText()}:${markedCard()}`).toString('base64')}`],
  ...['X-Request-Id', 'X-Client-Request-Id'].flatMap((name) =>
    [`${markedText()}@example.com`, ...['', '-', '.', '/', ' '].map(markedCard)].map(
      (value) => [name, value] as [string, string],
    ),
  ),
  ['traceparent', `00-${markedCard().padEnd(32, 'a')}-b7ad6b7169203331-01`],
  ['traceparent', markedText()],
  ['tracestate', `${markedText()}=${markedCard()}`],
  ['baggage', `name=${markedText()}`],
  ['Content-Type', `text/${markedText()}`],
  ['Content-Encoding', markedText()],
  ['If-None-Match', markedText()],
];

/** Returns requests to every operation of the document, right and wrong, with marked values in every place. */
export function markedRequests({ paths, components: { schemas } }: Api, ids: Ids): MarkedRequest[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, operation]) =>
      requestsTo(`${method.toUpperCase()} ${path}`, operation, schemas, ids),
    ),
  );
}

function requestsTo(name: string, operation: Operation, schemas: Schemas, ids: Ids): MarkedRequest[] {
  const [method = '', template = ''] = name.split(' ');
  const { parameters = [], requestBody } = operation;
  const fill = (values: Ids) => template.replaceAll(/\{(\w+)\}/g, (_, id: string) => values[id] ?? ids[id] ?? 'none');
  const [mediaType, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const [complete, least] = [true, false].map((all) =>
    content ? JSON.stringify(markedValue(schemas, content.schema, ids, all)) : undefined,
  );
  const headers: Record<string, string> = mediaType === undefined ? {} : { 'Content-Type': mediaType };
  const base: MarkedRequest = { operation: name, method, path: fill({}), headers };
  const valid: MarkedRequest = { ...base, ...(least !== undefined && { body: least }) };
  const named = (place: string) => parameters.filter((each) => each.in === place).map((each) => each.name);
  const withHeader = ([header, value]: readonly [string, string]) => ({
    ...valid,
    headers: { ...valid.headers, [header]: value },
  });
  return [
    valid,
    ...(complete === undefined ? [] : bodies(base, complete)),
    ...headersOfAnyRequest().map(withHeader),
    ...named('header').flatMap((header) => hostile().map((value) => withHeader([header, value]))),
    ...[...named('query'), markedText(), markedCard()].flatMap((parameter) =>
      hostile().map((value) => ({ ...valid, path: `${valid.path}?${parameter}=${encodeURIComponent(value)}` })),
    ),
    ...named('path').flatMap((parameter) =>
      [...hostile().map(encodeURIComponent), `%zz${markedText()}`, encodeURI(`../${markedText()}`)].map((value) => ({
        ...valid,
        path: fill({ [parameter]: value }),
      })),
    ),
    { ...valid, path: `${valid.path}/${markedText()}` },
    { ...valid, path: `${valid.path}/${markedCard()}` },
    { ...valid, method: 'OPTIONS' },
    // Last, for these end what the others need.
    ...(complete === undefined ? [] : [{ ...base, body: complete }]),
  ];
}

function hostile(): string[] {
  return [markedText(), markedText().repeat(200), ...['', ' ', '-', '.'].map(markedCard)];
}

function bodies(base: MarkedRequest, complete: string): MarkedRequest[] {
  const texts = [
    ...wrongVariants(JSON.parse(complete)).map((body) => JSON.stringify(body)),
    ...[1, 2, 10].map((cut) => complete.slice(0, -cut)),
    `${markedText()}${complete}`,
    `"${markedText()}\\ud800"`,
    JSON.stringify({ [markedText()]: 'x'.repeat(300_000) }),
  ];
  const encoded = (encoding: string, body: Buffer) => ({
    ...base,
    headers: { ...base.headers, 'Content-Encoding': encoding },
    body,
  });
  return [
    ...texts.map((body) => ({ ...base, body })),
    { ...base, headers: { 'Content-Type': 'text/plain' }, body: complete },
    { ...base, headers: { 'Content-Type': 'application/xml' }, body: `<a>${markedText()}${markedCard()}</a>` },
    { ...base, headers: { ...base.headers, 'Content-Type': 'application/json; charset=latin1' }, body: complete },
    { ...base, body: Buffer.from(`{"${markedText()}":"\xff"}`, 'latin1') },
    encoded('gzip', Buffer.from(complete)),
    encoded('gzip', gzipSync(complete).subarray(0, -12)),
    encoded(markedText(), Buffer.from(complete)),
  ];
}

/** Returns requests that no operation is for, and what is not HTTP, for a socket. */
export function markedBytes(): string[] {
  const [text, card] = [markedText(), markedCard()];
  const get = (...lines: string[]) =>
    `${['GET /orders/none HTTP/1.1', 'Host: localhost', ...lines].join('\r\n')}\r\n\r\n`;
  const post = (...lines: string[]) => get(...lines).replace('GET', 'POST');
  return [
    `${text} ${card}\r\n\r\n`,
    `${text} /orders HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    `GET /${text}/${card}\r\n\r\n`,
    `GET /${text} HTTP/9.9\r\n\r\n`,
    `GET /${text}\x01${card} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    `GET http://${text}/${card} HTTP/1.1\r\nHost: ${text}\r\nConnection: close\r\n\r\n`,
    `CONNECT ${text}:443 HTTP/1.1\r\nHost: ${text}\r\n\r\n`,
    get(`Bad Header ${text}: ${card}`),
    get(`X: ${text}\x01`),
    get(`X: ${text.repeat(3_000)}`),
    get(`Host: ${text}`, 'Connection: close'),
    get(`Expect: ${text}`, 'Connection: close'),
    get(`Connection: upgrade`, `Upgrade: ${text}`),
    post('Transfer-Encoding: chunked', '', text),
    post('Transfer-Encoding: chunked', '', `5;${text}=${card}\r\n{"a":\r\nzz`),
    post(`Content-Length: ${text}`),
    post('Content-Type: application/json', `Content-Length: 10`, '', `{"${text}":"${card}"}`),
    post('Content-Length: 2', 'Transfer-Encoding: chunked', '', text),
  ];
}
