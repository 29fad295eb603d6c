import { dataschemaOf } from '../../event/cloud-event.js';
import { type EventStream, ownsKeys } from '../../event/event-stream.js';
import { erasuresTopicOf, kindOf, memberOf } from '../../privacy/topics.js';
import { type Confirmation, confirmationType } from '../confirm-erasures.js';
import { BINDING, topicBinding } from './bindings.js';
import type { EventfulContext } from './event-api.js';

type Part = Readonly<Record<string, unknown>>;

const text = { type: 'string', minLength: 1 };

/** The data of the event with which a context confirms an erasure. */
const CONFIRMATION_SCHEMA = {
  description: 'A context has erased its copies of a person’s data, and destroyed its copy of the key.',
  type: 'object',
  properties: { context: { ...text, description: 'Name of the context.' } },
  required: ['context'] satisfies (keyof Confirmation)[],
};

const KEY_SCHEMA = {
  description: 'The data key of a person, encrypted with a master key. Null: the key is destroyed.',
  type: ['object', 'null'],
  properties: {
    kid: { type: 'string', pattern: '^[0-9a-f]{32}$', description: 'Id of the key: the `kid` of sealed parts.' },
    wrapped: {
      ...text,
      description:
        'Initialization vector (12 bytes), encrypted key (32) and tag (16) of AES-256-GCM, in base64. The id of the person is authenticated with it.',
    },
    master: { ...text, description: 'Id of the master key.' },
  },
  required: ['kid', 'wrapped', 'master'],
};

/** Returns the topics of keys that these contexts use, each once. */
function keyTopicsOf(contexts: readonly EventfulContext[]): string[] {
  return [...new Set(contexts.flatMap(({ events }) => events.keys))];
}

/** Returns the topics of the erasures of persons, with the data schema of their message. */
export function erasureTopicsOf(contexts: readonly EventfulContext[]): [topic: string, schemas: Map<string, object>][] {
  return keyTopicsOf(contexts).map((keys) => [
    erasuresTopicOf(keys),
    new Map([[dataschemaOf(confirmationType(keys), 1), CONFIRMATION_SCHEMA]]),
  ]);
}

/** Returns an example of each confirmation. */
export function confirmationExamples(contexts: readonly EventfulContext[]) {
  return keyTopicsOf(contexts).map((keys) => ({
    specversion: '1.0' as const,
    id: '4a1f0c5e-8f2b-5d43-9a57-0c6a1d1e2f30',
    source: '/orders',
    type: confirmationType(keys),
    subject: '01a20699-0298-778c-90c1-07a39812d871',
    time: '2026-11-24T08:00:00.120Z',
    datacontenttype: 'application/json' as const,
    dataschema: dataschemaOf(confirmationType(keys), 1),
    sequence: '4',
    causationid: '0f0e0d0c-0b0a-4000-8000-000000000003',
    data: { context: 'orders' },
  }));
}

/** Returns the part of the document on the topics of keys: channels, operations and messages. */
export function keysPart(contexts: readonly EventfulContext[], partitions: number) {
  const topics = keyTopicsOf(contexts);
  return {
    channels: Object.fromEntries(topics.map((topic) => [topic, channel(topic, partitions)])),
    operations: Object.fromEntries(
      contexts.flatMap(({ name, events }) => events.keys.flatMap((topic) => operations(name, topic, events.publishes))),
    ),
    messages: Object.fromEntries(topics.map((topic) => [messageName(topic), message(topic)])),
  };
}

function messageName(topic: string): string {
  return `${kindOf(topic)}.key`;
}

function channel(topic: string, partitions: number): Part {
  return {
    address: topic,
    description: `The encrypted data key of each ${memberOf(topic)}. A key is here before the first event that is sealed with it. Only the newest record of each key is kept; a record without a value says that the key is destroyed.`,
    messages: { [messageName(topic)]: { $ref: `#/components/messages/${messageName(topic)}` } },
    bindings: { kafka: topicBinding(topic, partitions) },
  };
}

function operations(context: string, topic: string, publishes: readonly EventStream[]): [string, Part][] {
  const isOwner = publishes.some((stream) => ownsKeys(stream) && stream.keys === topic);
  const member = memberOf(topic);
  const receive = {
    action: 'receive',
    channel: { $ref: `#/channels/${topic}` },
    summary: isOwner
      ? `${context} takes back destroyed keys that appear again`
      : `${context} keeps copies of the keys, to open events about each ${member}`,
    description: `Reads the topic from its beginning, as consumer group \`${context}\`. A destroyed key is forgotten, and never taken again.`,
    tags: [{ name: context }],
    messages: [messageReference(topic)],
    bindings: { kafka: { groupId: { type: 'string', enum: [context] }, ...BINDING } },
  };
  const send = {
    action: 'send',
    channel: { $ref: `#/channels/${topic}` },
    summary: `${context} publishes the key of each ${member}, and that it is destroyed`,
    description:
      'A key is published before the first event that is sealed with it. A record without a value follows when the key is destroyed.',
    tags: [{ name: context }],
    messages: [messageReference(topic)],
  };
  const erasures = erasuresTopicOf(topic);
  const confirm = {
    action: 'send',
    channel: { $ref: `#/channels/${erasures}` },
    summary: `${context} confirms that it has erased a ${member}`,
    description: 'Published once the copies of the data are erased, and the copy of the key is destroyed.',
    tags: [{ name: context }],
    messages: [{ $ref: `#/channels/${erasures}/messages/${confirmationType(topic)}.v1` }],
  };
  return [
    [`${context}.read.${topic}`, receive],
    isOwner ? [`${context}.publish.${topic}`, send] : [`${context}.confirm.${erasures}`, confirm],
  ];
}

function messageReference(topic: string): Part {
  return { $ref: `#/channels/${topic}/messages/${messageName(topic)}` };
}

function message(topic: string): Part {
  const member = memberOf(topic);
  return {
    name: messageName(topic),
    title: `Key of a ${member}`,
    summary: `The encrypted data key of a ${member}, or that it is destroyed.`,
    contentType: 'application/json',
    headers: {
      type: 'object',
      properties: {
        'content-type': { const: 'application/json' },
        'shredded-at': { ...text, format: 'date-time', description: 'When the key was destroyed, if it is.' },
      },
    },
    payload: KEY_SCHEMA,
    bindings: { kafka: { key: { type: 'string', description: `Id of the ${member}.` }, ...BINDING } },
    examples: [
      {
        headers: { 'content-type': 'application/json' },
        payload: {
          kid: '5897d02ff201dfecac5d1b248dac063f',
          wrapped: 'ZXhhbXBsZSBpdiAwIGVuY3J5cHRlZCBkYXRhIGtleSBvZiAzMiBieXRlcyB0YWcgb2YgMTYgYnl0ZXMu',
          master: '2026-11-24-01020304',
        },
      },
      { headers: { 'shredded-at': '2026-11-24T08:00:00.000Z' }, payload: null },
    ],
  };
}
