import { describe, expect, it } from '@jest/globals';
import { CARD_NUMBERS } from './client.js';
import { customerPath } from './fixtures.js';
import type { System } from './system.js';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
}

interface OpenApi {
  readonly paths: Readonly<
    Record<string, Record<string, { requestBody?: { content: Record<string, { schema: Schema }> } }>>
  >;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const ID = '00000000-0000-7000-8000-000000000000';
const WRITTEN = ['4111 1111-1111 1111', 'my card: 5555555555554444 12/30', '3782\u00a0822463\u201310005 '];

/** Pointers of all texts that a body may have, of an array in its first item; new fields are found by themselves. */
function textsOf({ components: { schemas } }: OpenApi, schema: Schema, at = ''): string[] {
  const { $ref, type, format, enum: values, properties, items, allOf } = schema;
  const inside = (inner: Schema, pointer: string) => textsOf({ paths: {}, components: { schemas } }, inner, pointer);
  if ($ref !== undefined) return inside(schemas[$ref.split('/').at(-1) as string] as Schema, at);
  return [
    ...(type === 'string' && format !== 'card-number' && !values ? [at] : []),
    ...Object.entries(properties ?? {}).flatMap(([name, inner]) => inside(inner, `${at}/${name}`)),
    ...(items ? inside(items, `${at}/0`) : []),
    ...(allOf ?? []).flatMap((inner) => inside(inner, at)),
  ];
}

/** The smallest body that has a value at a pointer. */
function bodyWith(pointer: string, value: unknown): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduceRight<unknown>((inner, name) => (name === '0' ? [inner] : { [name]: inner }), value);
}

/** What is true of digits that are a card number, in fields that are for something else. */
export function cardNumbers(system: () => System): void {
  const client = () => system().client;

  describe.each([
    ['POST', '/accounts/customers', '/accounts/customers', 15],
    ['PUT', '/accounts/customers/{customerId}', customerPath(ID), 15],
    ['PATCH', '/accounts/customers/{customerId}', customerPath(ID), 15],
    ['POST', '/orders', '/orders', 6],
    ['POST', '/orders/{orderId}/cancel', `/orders/${ID}/cancel`, 1],
  ])('a card number in a text of %s %s', (method, template, path, fewest) => {
    it('is refused with the pointer, in every text that there is', async () => {
      const document = (await (await fetch(`${client().url}/openapi.json`)).json()) as OpenApi;
      const content = document.paths[template]?.[method.toLowerCase()]?.requestBody?.content ?? {};
      const [[mediaType, { schema }] = ['', { schema: {} }]] = Object.entries(content);
      const pointers = textsOf(document, schema);
      expect(pointers.length).toBeGreaterThanOrEqual(fewest);

      for (const [index, pointer] of pointers.entries()) {
        const body = JSON.stringify(bodyWith(pointer, WRITTEN[index % WRITTEN.length]));
        const answer = await client().send(method, path, body, { 'Content-Type': mediaType });
        expect([pointer, answer.status]).toEqual([pointer, 422]);
        expect(answer.body.errors).toContainEqual({ pointer, message: 'must not contain a card number' });
      }
    });
  });

  it('is refused in a filter, too', async () => {
    const { status, body } = await client().get(`/accounts/customers?lastName=${CARD_NUMBERS.visa}`);
    expect([status, body.errors]).toEqual([422, [{ pointer: '/lastName', message: 'must not contain a card number' }]]);
  });
}
