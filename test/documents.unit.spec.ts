import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import asyncApiSpecs from '@asyncapi/specs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import * as formats from 'ajv-formats';
import { Container } from 'inversify';
import { pino } from 'pino';
import { documentFiles } from '../scripts/docs/document-files.mjs';
import { CONTEXTS } from '../src/contexts.js';
import { documentsOf } from '../src/platform/process/documents.js';
import { parseConfig } from '../src/platform/operating/config/config.js';
import type { Context } from '../src/platform/context/define-context.js';
import { createApp } from '../src/platform/http/server/app.js';
import { listen, type Listener } from '../src/platform/http/server/listen.js';
import { Metrics } from '../src/platform/operating/metrics/metrics.js';
import { NEEDED_OF_CUSTOMER_CHANGES } from '../src/orders/messages/customer-changes.js';
import { goldenSamples } from './support/messages.js';

// Documents are read here the way a client reads them: as JSON that may be anything.
type Json = Record<string, ReturnType<typeof JSON.parse>>;

const { KAFKA_TOPIC_PARTITIONS } = parseConfig({});
const documents = (contexts: readonly Context[]) =>
  JSON.parse(JSON.stringify(documentsOf(contexts, KAFKA_TOPIC_PARTITIONS))) as { openApi: Json; asyncApi: Json };

const merged = documents(CONTEXTS);
const selections = [
  ['all modules', merged],
  ...CONTEXTS.map((context) => [`${context.name} alone`, documents([context])]),
] as [string, { openApi: Json; asyncApi: Json }][];

describe('the committed documents', () => {
  const files = documentFiles(CONTEXTS, (contexts) => documentsOf(contexts, KAFKA_TOPIC_PARTITIONS));

  it.each(Object.entries(files))('docs/%s is what the code says', (file, content) => {
    const committed = existsSync(`docs/${file}`) ? readFileSync(`docs/${file}`, 'utf8') : '';
    if (committed !== content) throw new Error(`docs/${file} is stale. Run: npm run docs`);
  });

  it('are no more than these', () => {
    expect(readdirSync('docs').filter((file) => file.endsWith('.json'))).toEqual(Object.keys(files).sort());
  });
});

describe.each(selections)('OpenAPI of %s', (_selection, { openApi }) => {
  const operations = operationsOf(openApi);

  it('is valid', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(openApi) as never);
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it('refers to nothing that is not there', () => expectReferencesToResolve(openApi));

  it('has operation ids that are different', () => {
    const ids = operations.map(([, { operationId }]) => operationId as string);
    expect([...new Set(ids)]).toEqual(ids);
  });

  it('declares int64 for integers that need more than 32 bits', () => {
    const named = Object.values<Json>(openApi.components.schemas).flatMap(({ properties = {} }) =>
      Object.entries<Json>(properties).map(([name, schema]) => ({ name, schema })),
    );
    const integers = [...named, ...operations.flatMap(([, { parameters }]) => parameters as Json[])].filter(
      ({ schema }) => schema.type === 'integer',
    );
    const large = integers.filter(
      ({ name, schema }) => /version|offset/i.test(name as string) || schema.maximum > 2 ** 31 - 1,
    );
    expect(large).not.toEqual([]);
    expect(large.filter(({ schema }) => schema.format !== 'int64')).toEqual([]);
  });

  it.each(operations)('%s has a summary and examples', (_name, operation) => {
    expect(operation.summary).toMatch(/\w/);
    for (const [, content] of contentsOf(operation)) expect(examplesOf(openApi, content)).not.toEqual([]);
    for (const parameter of operation.parameters.filter((p: Json) => p.in === 'path')) {
      expect(parameter).toHaveProperty('example');
    }
  });

  it.each(operations)('%s answers problems', (_name, operation) => {
    const problems = Object.entries<Json>(operation.responses).filter(([status]) => status >= '400');
    const statuses = problems.map(([status]) => status);
    expect(statuses).toEqual(expect.arrayContaining(['400', '422', '503', 'default']));
    if (operation.requestBody) expect(statuses).toEqual(expect.arrayContaining(['413', '415']));
    for (const [status, { content, headers }] of problems) {
      expect(Object.keys(content)).toEqual(['application/problem+json']);
      expect(Object.keys(headers)).toEqual(expect.arrayContaining(['X-Request-Id', 'traceparent']));
      const { example } = content['application/problem+json'];
      expect(String(example.status)).toBe(status === 'default' ? '405' : status);
      expect(example.instance).not.toContain('{');
    }
  });

  it.each(operations)('%s lets nobody in without a scope of its context', (name, operation) => {
    const [method = '', path = ''] = name.split(' ');
    const [, context] = path.split('/');
    const scope = `${context === 'accounts' ? 'customers' : context}:${method === 'GET' ? 'read' : 'write'}`;
    const self = [{ bearer: [`${scope.split(':')[0]}:self`] }];
    expect([[], self]).toContainEqual(operation.security.slice(1));
    expect(operation.security[0]).toEqual({ bearer: [scope] });
    expect(openApi.components.securitySchemes.bearer).toMatchObject({ type: 'http', scheme: 'bearer' });
    const { description, content } = operation.responses['403'];
    expect(description).toContain(`does not have the scope \`${scope}\``);
    expect(content['application/problem+json'].example.detail).toBe(`the token does not have the scope ${scope}`);
    for (const status of ['401', '403']) {
      expect(Object.keys(operation.responses[status].headers)).toContain('WWW-Authenticate');
    }
  });

  it.each(operations)('%s has examples that fit', (_name, operation) => {
    const ajv = openApiValidator(openApi);
    for (const [where, content] of contentsOf(operation)) {
      const validate = ajv.compile(pointedAt('openapi', content.schema));
      for (const example of examplesOf(openApi, content)) {
        validate(example);
        expect({ where, errors: validate.errors }).toEqual({ where, errors: null });
      }
    }
  });

  it('has examples that fit the schemas that they stand at', () => {
    const ajv = openApiValidator(openApi);
    for (const [name, schema] of Object.entries<Json>(openApi.components.schemas)) {
      const validate = ajv.compile({ $ref: `openapi#/components/schemas/${name}` });
      for (const example of schema.examples ?? []) {
        validate(example);
        expect({ name, errors: validate.errors }).toEqual({ name, errors: null });
      }
    }
  });
});

describe('OpenAPI of all modules', () => {
  it('is the union of theirs', () => {
    const each = CONTEXTS.map((context) => documents([context]).openApi);
    expect(merged.openApi.paths).toEqual(Object.assign({}, ...each.map(({ paths }) => paths as Json)));
    for (const kind of ['schemas', 'headers', 'securitySchemes']) {
      const kinds = each.map(({ components }) => components[kind] as Json);
      expect(merged.openApi.components[kind]).toEqual(Object.assign({}, ...kinds));
    }
  });

  it.each(CONTEXTS)('has of $name only its own paths', (context) => {
    for (const path of Object.keys(documents([context]).openApi.paths)) {
      expect(path.split('/')[1]).toBe(context.name);
    }
  });
});

describe.each(selections)('AsyncAPI of %s', (_selection, { asyncApi }) => {
  const messages = Object.entries<Json>(asyncApi.components.messages);

  it('is valid', () => {
    const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
    formats.default.default(ajv);
    const validate = ajv.compile(asyncApiSpecs.schemasWithoutId['3.1.0'] as object);
    validate(asyncApi);
    expect(validate.errors).toBeNull();
  });

  it('refers to nothing that is not there', () => expectReferencesToResolve(asyncApi));

  it.each(messages)('%s has examples that fit', (_name, message) => {
    const ajv = new Ajv2020({ allErrors: true, strict: false });
    formats.default.default(ajv as never);
    ajv.addSchema(asyncApi, 'asyncapi');
    for (const { payload, headers } of message.examples ?? []) {
      const parts = { payload, ...(headers && { headers }) };
      for (const [part, value] of Object.entries(parts)) {
        const validate = ajv.compile(pointedAt('asyncapi', message[part]));
        validate(value);
        expect({ part, errors: validate.errors }).toEqual({ part, errors: null });
      }
    }
  });

  it('names the group of every reader', () => {
    const readers = Object.values<Json>(asyncApi.operations).filter(({ action }) => action === 'receive');
    expect(readers).not.toEqual([]);
    for (const { bindings } of readers) expect(bindings.kafka.groupId.enum).toEqual([expect.any(String)]);
  });
});

describe.each(CONTEXTS)('AsyncAPI of what $name publishes', ({ name }) => {
  const { asyncApi } = merged;
  const folder = `src/${name}/messages/schemas`;
  const schemas = readdirSync(folder).map((file) => [file, json(`${folder}/${file}`)] as [string, Json]);

  it.each(schemas)('has %s as it is', (_file, { $id, $schema: _dialect, ...schema }) => {
    const component = asyncApi.components.schemas[$id.replace('urn:schema:', '').replace(':v', '.v')];
    const referredTo = JSON.stringify(component).replaceAll(
      /"#\/components\/schemas\/([^"]+)\.v(\d+)"/g,
      '"urn:schema:$1:v$2"',
    );
    expect(JSON.parse(referredTo)).toEqual(schema);
  });

  it('shows every golden sample', () => {
    const shown = Object.values<Json>(asyncApi.components.messages).flatMap(({ examples = [] }) => examples as Json[]);
    const samples = goldenSamples(name).map(({ event }) => ({ payload: event }));
    expect(shown).toEqual(expect.arrayContaining(samples));
  });
});

describe('AsyncAPI of orders alone', () => {
  it("has what orders needs of the customers' messages", () => {
    const { schemas } = documents(CONTEXTS.filter(({ name }) => name === 'orders')).asyncApi.components;
    for (const [dataschema, needed] of Object.entries(NEEDED_OF_CUSTOMER_CHANGES)) {
      expect(schemas[dataschema.replace('urn:schema:', '').replace(':v', '.v')]).toEqual(needed);
    }
  });
});

describe('the process', () => {
  let listener: Listener;
  const get = (path: string) => fetch(`http://127.0.0.1:${listener.port}${path}`);

  beforeAll(async () => {
    const app = createApp({
      documents: documentsOf(CONTEXTS, KAFKA_TOPIC_PARTITIONS),
      apis: CONTEXTS.flatMap(({ http }) => http ?? []),
      container: new Container(),
      logger: pino({ level: 'silent' }),
      bodyLimit: 256 * 1024,
      accessLogSample: 0,
      metrics: new Metrics(),
    });
    listener = await listen(app, '127.0.0.1', 0, 'PORT');
  });
  afterAll(() => listener.stop());

  it('serves both documents', async () => {
    expect(await (await get('/openapi.json')).json()).toEqual(merged.openApi);
    expect(await (await get('/asyncapi.json')).json()).toEqual(merged.asyncApi);
  });

  it('leads from / to Swagger UI, and says where the documents are', async () => {
    const response = await fetch(`http://127.0.0.1:${listener.port}/`, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([303, 'docs/']);
    const links = [...response.headers.get('link')!.matchAll(/<([^>]+)>; rel="([^"]+)"/g)];
    expect(links.map(([, path, relation]) => [relation, path])).toEqual([
      ['service-doc', 'docs/'],
      ['service-doc', 'docs/events'],
      ['service-desc', 'openapi.json'],
      ['service-desc', 'asyncapi.json'],
    ]);
    for (const [, path] of links) expect((await get(`/${path}`)).status).toBe(200);
    expect((await get('/')).headers.get('content-type')).toMatch(/^text\/html/);
  });

  const paths = ['/', '/openapi.json', '/asyncapi.json', '/docs/events', '/docs/events.css'];
  it.each(paths)('answers 405 with Allow to other methods on %s', async (path) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const response = await fetch(`http://127.0.0.1:${listener.port}${path}`, { method });
      expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, 'GET, HEAD']);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(await response.json()).toMatchObject({ type: 'urn:problem:method-not-allowed', instance: path });
    }
    const head = await fetch(`http://127.0.0.1:${listener.port}${path}`, { method: 'HEAD', redirect: 'manual' });
    expect([head.status, await head.text()]).toEqual([path === '/' ? 303 : 200, '']);
  });

  it.each(['/docs', '/docs/'])('serves Swagger UI at %s within its own content security policy', async (path) => {
    const response = await get(path);
    const html = await response.text();
    expect(response.headers.get('content-security-policy')).toContain("script-src 'self'");
    const scripts = [...html.matchAll(/<script([^>]*)>([^<]*)</g)].map(([, attributes, code]) => [attributes, code]);
    expect(scripts).toEqual(expect.arrayContaining([[' src="./swagger-ui-init.js"', ' ']]));
    for (const [attributes, code] of scripts) {
      const [, file] = / src="\.(\/[\w-]+\.js)"/.exec(attributes!) ?? [];
      expect(code!.trim()).toBe('');
      expect((await get(`/docs${file}`)).status).toBe(200);
    }
    expect(await (await get('/docs/swagger-ui-init.js')).text()).toContain('"url": "../openapi.json"');
  });

  it('serves the page on events within the content security policy, and links to it from Swagger UI', async () => {
    const response = await get('/docs/events');
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
    const html = await response.text();
    expect(html).not.toMatch(/<script|<style| style=/);
    const links = [...html.matchAll(/ href="([^"#]+)"/g)].map(
      ([, link]) => new URL(String(link), response.url).pathname,
    );
    expect(new Set(links)).toEqual(
      new Set(['/docs/', '/docs/events.css', '/docs/favicon-32x32.png', '/asyncapi.json', '/openapi.json']),
    );
    for (const path of links) expect([path, (await get(path)).status]).toEqual([path, 200]);
    expect((await get('/docs/events.css')).headers.get('content-type')).toMatch(/^text\/css/);
    expect(await (await get('/docs/')).text()).toContain('<a href="./events">');
  });
});

function operationsOf({ paths }: Json): [string, Json][] {
  return Object.entries<Json>(paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation]),
  ) as [string, Json][];
}

/** What a body or an answer of an operation may be, and where it says so. */
function contentsOf({ requestBody, responses }: Json): [string, Json][] {
  const answers = Object.entries<Json>(responses).flatMap(([status, { content }]) => inContent(status, content));
  return [...inContent('body', requestBody?.content), ...answers];
}

function inContent(where: string, content: Json = {}): [string, Json][] {
  return Object.values<Json>(content).map((media) => [where, media]);
}

function examplesOf(document: Json, { example, examples, schema }: Json): unknown[] {
  const own = [example, ...Object.values<Json>(examples ?? {}).map(({ value }) => value as unknown)];
  const ofSchema = own.every((value) => value === undefined) && schema.$ref ? at(document, schema.$ref).examples : [];
  return [...own, ...(ofSchema ?? [])].filter((value) => value !== undefined);
}

function openApiValidator(document: Json): Ajv {
  const ajv = new Ajv({ allErrors: true, strict: false });
  formats.default.default(ajv);
  ajv.addSchema(document, 'openapi');
  return ajv;
}

function pointedAt(document: string, schema: unknown): Json {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#', `"$ref":"${document}#`)) as Json;
}

function expectReferencesToResolve(document: Json): void {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference);
  expect(references).not.toEqual([]);
  for (const reference of new Set(references))
    expect({ [reference!]: at(document, reference!) }).not.toEqual({ [reference!]: undefined });
}

function at(document: Json, reference: string): Json {
  const steps = reference.replace(/^#\//, '').split('/');
  return steps.reduce<Json | undefined>((value, step) => value?.[step], document) as Json;
}

function json(file: string): Json {
  return JSON.parse(readFileSync(file, 'utf8')) as Json;
}
