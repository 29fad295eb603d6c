import { isDeepStrictEqual } from 'node:util';

/**
 * @typedef {{ readonly [keyword: string]: unknown }} Schema
 * @typedef {{ readonly examples?: readonly { readonly payload?: unknown }[] }} Message
 * @typedef {{ readonly components: {
 *   readonly schemas: { readonly [name: string]: unknown },
 *   readonly messages?: { readonly [name: string]: Message },
 * } }} AsyncApi
 */

/** What is said to people, not to programs. */
const ANNOTATIONS = new Set(['title', 'description', 'examples', '$comment']);
/** Names the person whom a member describes; `false` says that none is described, as saying nothing does. */
const PERSONAL = 'x-personal';
/** Keywords that speak of properties by their names, or count them: a new property may be more than one more. */
const OF_ANY_PROPERTY = [
  'additionalProperties',
  'unevaluatedProperties',
  'patternProperties',
  'propertyNames',
  'maxProperties',
];

/**
 * What of two AsyncAPI documents breaks those who know the first: a schema under which events are in the log already, or
 * under which code reads that runs still, is not what it was. New optional properties, words and new schemas are no
 * break, and so no new major version is; whatever cannot be judged is. Samples that were published stay as they are, too.
 * @param {AsyncApi} before
 * @param {AsyncApi} after
 * @returns {string[]} each with the schema and the JSON Pointer of what changed
 */
export function breakingChanges(before, after) {
  const schemas = Object.entries(before.components.schemas).flatMap(([name, schema]) =>
    Object.hasOwn(after.components.schemas, name)
      ? changesOf(schema, after.components.schemas[name]).map((change) => `${name} ${change}`)
      : [`${name} is gone`],
  );
  const samples = Object.entries(before.components.messages ?? {}).flatMap(([name, message]) =>
    samplesOf(message)
      .filter((sample) => !samplesOf(after.components.messages?.[name]).some((kept) => isDeepStrictEqual(kept, sample)))
      .map(({ id }) => `${name}: its sample ${id} is gone, or not what it was`),
  );
  return [...schemas, ...samples];
}

/**
 * Events only: the examples of other messages are no promise.
 * @param {Message} [message]
 */
function samplesOf({ examples = [] } = {}) {
  return examples
    .map(({ payload }) => /** @type {{ readonly id?: string, readonly dataschema?: string } | null} */ (payload))
    .filter((event) => typeof event === 'object' && event !== null)
    .filter(({ dataschema }) => dataschema !== undefined);
}

/**
 * @param {unknown} before
 * @param {unknown} after
 * @returns {string[]}
 */
function changesOf(before, after, at = '') {
  if (!isSchema(before) || !isSchema(after)) return changeOf(before, after, at);
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((keyword) => {
    const where = `${at}/${keyword}`;
    const [was, is] = [before[keyword], after[keyword]];
    if (ANNOTATIONS.has(keyword)) return [];
    if (keyword === PERSONAL) return changeOf(was ?? false, is ?? false, where);
    if (keyword === 'properties') return changesOfProperties(before, after, where);
    if (keyword === 'required') return changesOfRequired(was, is, where);
    if (keyword === 'items' || keyword === 'additionalProperties') return changesOf(was, is, where);
    return changeOf(was, is, where);
  });
}

/**
 * @param {Schema} before
 * @param {Schema} after
 * @param {string} at
 */
function changesOfProperties(before, after, at) {
  const [was, is] = [membersOf(before.properties), membersOf(after.properties)];
  const isOneMore = OF_ANY_PROPERTY.every((keyword) => ['undefined', 'boolean'].includes(typeof before[keyword]));
  const old = Object.keys(was).flatMap((name) => {
    const where = `${at}/${escapePointer(name)}`;
    return Object.hasOwn(is, name) ? changesOf(was[name], is[name], where) : [`${where}: it is gone`];
  });
  const added = Object.keys(is).filter((name) => !Object.hasOwn(was, name) && !isOneMore);
  return [...old, ...added.map((name) => `${at}/${escapePointer(name)}: it may not be what was allowed before`)];
}

/**
 * @param {unknown} before
 * @param {unknown} after
 * @param {string} at
 */
function changesOfRequired(before = [], after = [], at) {
  const [was, is] = [/** @type {string[]} */ (before), /** @type {string[]} */ (after)];
  return [
    ...was.filter((name) => !is.includes(name)).map((name) => `${at}: ${name} is no longer required`),
    ...is.filter((name) => !was.includes(name)).map((name) => `${at}: ${name} is required now`),
  ];
}

/**
 * @param {unknown} before
 * @param {unknown} after
 * @param {string} at
 */
function changeOf(before, after, at) {
  if (isDeepStrictEqual(before, after)) return [];
  return [`${at}: ${JSON.stringify(before) ?? 'nothing'} became ${JSON.stringify(after) ?? 'nothing'}`];
}

/**
 * @param {unknown} value
 * @returns {value is Schema}
 */
function isSchema(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * @param {unknown} properties
 * @returns {{ readonly [name: string]: unknown }}
 */
function membersOf(properties) {
  return isSchema(properties) ? properties : {};
}

/** @param {string} name */
function escapePointer(name) {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
