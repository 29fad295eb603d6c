import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { CONTEXTS } from '../src/contexts.js';
import { parseConfig } from '../src/platform/operating/config/config.js';
import { inMemory } from '../src/platform/process/backends.js';
import { documentsOf } from '../src/platform/process/documents.js';
import { Process } from '../src/platform/process/process.js';

// The document is read here the way a client reads it: as JSON that may be anything.
type Json = Record<string, ReturnType<typeof JSON.parse>>;

const openApi = JSON.parse(JSON.stringify(documentsOf(CONTEXTS, 1).openApi)) as Json;

/** A request beyond one limit: in which field, and what it sends. */
interface Beyond {
  readonly field: string;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

describe('a value beyond a limit that the document declares gets 422, and is named', () => {
  const logger = pino({ level: 'silent' });
  const running = new Process(parseConfig({ PORT: 0, MANAGEMENT_PORT: 0 }), CONTEXTS, inMemory(logger), logger);
  beforeAll(() => running.start());
  afterAll(() => running.stop());

  const all = requests();

  it.each(['body', 'query', 'header'])('of which there are some in the %s', (where) => {
    expect(all.filter(([name]) => name.includes(` ${where} `)).length).toBeGreaterThan(3);
  });

  it.each(all)('%s', async (_name, { field, method, path, body, headers = {} }) => {
    const response = await fetch(`http://127.0.0.1:${running.ports.port}${path}`, {
      method,
      headers,
      body: body ?? null,
    });
    const { errors = [] } = (await response.json()) as { errors?: { pointer: string }[] };
    expect([response.status, errors.map(({ pointer }) => pointer)]).toEqual([422, expect.arrayContaining([field])]);
  });
});

function requests(): [name: string, request: Beyond][] {
  return Object.entries<Json>(openApi.paths).flatMap(([template, operations]) =>
    Object.entries<Json>(operations).flatMap(([verb, operation]) => {
      const method = verb.toUpperCase();
      const path = template.replaceAll(/\{\w+\}/g, '00000000-0000-7000-8000-000000000000');
      const named = (where: string, request: Omit<Beyond, 'method' | 'path'> & { path?: string }) =>
        [`${method} ${template} ${where} ${request.field}`, { method, path, ...request }] as [string, Beyond];
      const [mediaType, content] = Object.entries<Json>(operation.requestBody?.content ?? {})[0] ?? [];
      const schema = content && resolve(content.schema as Json);
      const [example] = (schema?.examples ?? []) as unknown[];
      const type = { ...(mediaType !== undefined && { 'Content-Type': mediaType }) };
      const parameters = (operation.parameters as Json[]).flatMap(({ in: where, name, schema }) => {
        const value = beyond(schema as Json) as string | number | undefined;
        // The response to another Idempotency-Key or cursor is 400, and to another id in a path 404.
        if (value === undefined || where === 'path' || name === 'Idempotency-Key' || name === 'cursor') return [];
        const field = `/${name}`;
        if (where === 'header')
          return [named(where, { field, headers: { ...type, [name]: String(value) }, ...withBody(example) })];
        return [
          named('query', {
            field,
            path: `${path}?${new URLSearchParams({ [name]: String(value) })}`,
            ...withBody(example),
          }),
        ];
      });
      if (!schema) return parameters;
      const bodies = fieldsBeyond(schema, example, '').map(([field, change]) => {
        const body = structuredClone(example);
        change(body);
        return named('body', { field, body: JSON.stringify(body), headers: type });
      });
      return [...parameters, ...bodies];
    }),
  );
}

function withBody(example: unknown): { body?: string } {
  return example === undefined ? {} : { body: JSON.stringify(example) };
}

type Change = (root: unknown) => void;

/** Returns each limited field of a schema, with what sets it beyond the limit in a copy of the example. */
function fieldsBeyond(schema: Json, example: unknown, at: string): [pointer: string, change: Change][] {
  if (Array.isArray(example)) {
    return example.slice(0, 1).flatMap((item: unknown) => fieldsBeyond(resolve(schema.items as Json), item, `${at}/0`));
  }
  if (typeof example !== 'object' || example === null) return [];
  return Object.entries<Json>(schema.properties ?? {}).flatMap(([name, property]) => {
    const resolved = resolve(property);
    const pointer = `${at}/${name}`;
    const value = beyond(resolved, (example as Json)[name]);
    const own: [string, Change][] = value === undefined ? [] : [[pointer, (root) => set(root, pointer, value)]];
    return [...own, ...fieldsBeyond(resolved, (example as Json)[name], pointer)];
  });
}

function beyond({ type, enum: values, maxLength, maximum, maxItems }: Json, example?: unknown): unknown {
  const types = [type].flat() as unknown[];
  if (values) return undefined;
  if (types.includes('string') && maxLength !== undefined) return 'x'.repeat((maxLength as number) + 1);
  if (types.includes('integer') && maximum !== undefined) return (maximum as number) + 1;
  if (types.includes('array') && Array.isArray(example)) return Array((maxItems as number) + 1).fill(example[0]);
  return undefined;
}

function set(root: unknown, pointer: string, value: unknown): void {
  const steps = pointer.split('/').slice(1);
  const last = steps.pop() as string;
  const parent = steps.reduce((node, step) => node[step] as Json, root as Json);
  parent[last] = value;
}

function resolve(schema: Json): Json {
  const name = (schema.$ref as string | undefined)?.split('/').at(-1);
  return name === undefined ? schema : (openApi.components.schemas[name] as Json);
}
