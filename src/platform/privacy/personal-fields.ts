import { escapePointer } from '../event/changed-pointers.js';
import { type MessageSchema, PERSONAL } from '../event/message-schemas.js';
import type { DataKey } from './data-key.js';
import { sealPart } from './sealed-part.js';

/** The personal part of an event's data, as its schema annotates it. */
export interface PersonalFields {
  /** Where the person's id is. */
  readonly person: Pointer;
  /** The members that are sealed. */
  readonly members: readonly Pointer[];
  /** The same members, by name. */
  readonly tree: Tree;
}

/** Members of an object by name, and members inside of these; null: the whole member. */
type Tree = ReadonlyMap<string, Tree | null>;

/** A JSON Pointer, parsed once: events are split and joined all the time. */
export interface Pointer {
  readonly text: string;
  readonly tokens: readonly string[];
}

/** Data that was split: what stays in clear text, and the personal members by JSON Pointer. */
export interface SplitData {
  readonly clear: object;
  readonly personal: Readonly<Record<string, unknown>>;
}

type Json = Readonly<Record<string, unknown>>;

const known = new WeakMap<readonly MessageSchema[], Map<string, PersonalFields | undefined>>();

/**
 * Returns the personal members of the data that a schema describes; undefined if there are none.
 * @throws Error when they belong to more than one person, or are inside a list: the list itself has to be annotated
 */
export function personalFieldsOf(schemas: readonly MessageSchema[], dataschema: string): PersonalFields | undefined {
  const found = known.get(schemas) ?? new Map<string, PersonalFields | undefined>();
  known.set(schemas, found);
  if (!found.has(dataschema)) found.set(dataschema, findFields(schemas, dataschema));
  return found.get(dataschema);
}

function findFields(schemas: readonly MessageSchema[], dataschema: string): PersonalFields | undefined {
  const byId = new Map<unknown, Json>(schemas.map((schema) => [schema.$id, schema]));
  const persons = new Map<string, string>();
  const walk = (schema: Json, at: string, isInList: boolean): void => {
    const { [PERSONAL]: person, $ref, properties = {}, items } = schema;
    if (typeof person === 'string') {
      if (isInList) throw new Error(`${dataschema}: ${at} is inside a list; annotate the list with ${PERSONAL}`);
      persons.set(at, person);
      return;
    }
    const referred = byId.get($ref);
    if (referred) walk(referred, at, isInList);
    for (const [name, member] of Object.entries(properties as Json)) {
      walk(member as Json, `${at}/${escapePointer(name)}`, isInList);
    }
    if (typeof items === 'object') walk(items as Json, at, true);
  };
  walk(byId.get(dataschema) ?? {}, '', false);
  const [person, ...others] = new Set(persons.values());
  if (person === undefined) return undefined;
  if (others.length > 0) throw new Error(`${dataschema}: ${PERSONAL} names more than one person`);
  return personalFields(pointerOf(person), [...persons.keys()].sort().map(pointerOf));
}

/** Returns these members as personal fields. */
export function personalFields(person: Pointer, members: readonly Pointer[]): PersonalFields {
  return { person, members, tree: treeOf(members.map(({ tokens }) => tokens)) };
}

function treeOf(paths: readonly (readonly string[])[]): Tree {
  const below = new Map<string, (readonly string[])[]>();
  for (const [name, ...rest] of paths) below.set(name as string, [...(below.get(name as string) ?? []), rest]);
  const isWhole = (rests: readonly (readonly string[])[]) => rests.some(({ length }) => length === 0);
  return new Map([...below].map(([name, rests]) => [name, isWhole(rests) ? null : treeOf(rests)]));
}

/** Splits data into what stays in clear text and the personal members that are there. */
export function split(data: object, { members, tree }: PersonalFields): SplitData {
  const personal: Record<string, unknown> = {};
  let isClear = true;
  for (const { text, tokens } of members) {
    const value = valueAt(data, tokens);
    if (value === undefined) continue;
    personal[text] = value;
    isClear = false;
  }
  return { clear: isClear ? data : without(data as Json, tree), personal };
}

/** What {@link sealData} seals, with which key, and for which event. */
export interface Sealing {
  readonly data: object;
  readonly fields: PersonalFields;
  readonly key: DataKey;
  readonly boundTo: string;
  /** The event's subject. */
  readonly id: string;
}

/** Returns the data as it is published: the personal members, if there are any, as one sealed part. */
export function sealData({ data, fields, key, boundTo, id }: Sealing): object {
  const { clear, personal } = split(data, fields);
  if (Object.keys(personal).length === 0) return data;
  const { text: person, tokens } = fields.person;
  const part = sealPart(key, personal, boundTo);
  return { ...clear, sealed: valueAt(data, tokens) === id ? part : { ...part, person } };
}

/** Puts split data together again. */
export function join(clear: object, personal: Readonly<Record<string, unknown>>): object {
  const data = { ...clear };
  /** The objects that are copies, and may be changed. */
  const own = new Set<unknown>([data]);
  for (const [pointer, value] of Object.entries(personal)) setValue(data, pointerOf(pointer).tokens, value, own);
  return data;
}

/** Returns the value at the tokens of a JSON Pointer; undefined if there is none. */
export function valueAt(data: unknown, tokens: readonly string[]): unknown {
  let value = data;
  for (const token of tokens) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, token)) return undefined;
    value = (value as Json)[token];
  }
  return value;
}

/** Returns a copy. Deleting members from one would make everything slow that is done with it. */
function without(object: Json, tree: Tree): Json {
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(object)) {
    const below = tree.get(name);
    if (below === null) continue;
    const value = object[name];
    const isPart = below !== undefined && typeof value === 'object' && value !== null && !Array.isArray(value);
    setMember(copy, name, isPart ? without(value as Json, below) : value);
  }
  return copy;
}

function setValue(data: object, tokens: readonly string[], value: unknown, own: Set<unknown>): void {
  let object = data as Record<string, unknown>;
  for (const token of tokens.slice(0, -1)) {
    let member = memberOf(object, token) as Record<string, unknown>;
    if (!own.has(member)) {
      member = { ...member };
      own.add(member);
      setMember(object, token, member);
    }
    object = member;
  }
  setMember(object, tokens.at(-1) as string, value);
}

function setMember(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') object[name] = value;
  // An assignment would set the prototype.
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

function memberOf(object: Json, token: string): Json {
  const member = Object.hasOwn(object, token) ? object[token] : undefined;
  return typeof member === 'object' && member !== null ? (member as Json) : {};
}

const MAX_PARSED = 1_000;
const parsed = new Map<string, Pointer>();

/** Parses a JSON Pointer. The same few come again and again. */
export function pointerOf(text: string): Pointer {
  const known = parsed.get(text);
  if (known) return known;
  const tokens = text
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  const pointer = { text, tokens };
  // Those in events come from elsewhere.
  if (parsed.size < MAX_PARSED) parsed.set(text, pointer);
  return pointer;
}
