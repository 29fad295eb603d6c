import { markedCard, markedText } from './marks.js';

/** What is read of a schema in the OpenAPI document. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

export type Schemas = Readonly<Record<string, Schema>>;
/** Ids of what there is, by the name that they have in the document. */
export type Ids = Readonly<Record<string, string>>;

/** Returns a value that fits a schema, with a marked text wherever one fits. @param all also what is not required */
export function markedValue(schemas: Schemas, schema: Schema, ids: Ids, all: boolean, name = ''): unknown {
  const { $ref, type, properties, required = [], items, enum: values } = schema;
  if ($ref !== undefined) return markedValue(schemas, schemas[$ref.split('/').at(-1) ?? ''] ?? {}, ids, all, name);
  if (values) return values[0];
  if (type === 'array') return [markedValue(schemas, items ?? {}, ids, all, name)];
  if (type === 'integer' || type === 'number') return 1;
  if (type === 'boolean') return true;
  if (type === 'string') return ids[name] ?? markedString(schema);
  const wanted = Object.entries(properties ?? {}).filter(([member]) => all || required.includes(member));
  return Object.fromEntries(wanted.map(([member, inner]) => [member, markedValue(schemas, inner, ids, all, member)]));
}

/** @throws Error for a pattern that none of these fits: add one */
function markedString({ format, pattern = '', maxLength = Infinity }: Schema): string {
  if (format === 'card-number') return markedCard();
  if (format === 'date-time') return '2026-11-23T04:10:20.697Z';
  const candidates = [markedText(), `${markedText()}@example.com`, '12/30', 'US', 'USD', '19.99', '1111', 'createdAt'];
  const fitting = candidates.find((each) => each.length <= maxLength && new RegExp(pattern).test(each));
  if (fitting === undefined) throw new Error(`no marked text fits ${pattern}`);
  return fitting;
}

/** Returns copies of a value, each of them wrong in one place: with a marked value of another kind or an unknown member. */
export function wrongVariants(value: unknown): unknown[] {
  const text = markedText();
  const others = [
    text,
    text.repeat(100),
    [text],
    { [text]: text },
    markedCard(),
    markedCard(' '),
    Number(markedCard()),
  ];
  const here = isObject(value)
    ? [...others, { ...value, [text]: text }, { ...value, [markedCard()]: 1 }, { ...value, [markedCard('.')]: 1 }]
    : others;
  return [...here, ...inside(value)];
}

function inside(value: unknown): unknown[] {
  if (Array.isArray(value))
    return value.flatMap((item, at) => wrongVariants(item).map((wrong) => value.with(at, wrong)));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    wrongVariants(member).map((wrong) => ({ ...value, [name]: wrong })),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
