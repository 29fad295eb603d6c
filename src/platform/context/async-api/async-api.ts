import { deadLetterTopic } from '../../consuming/dead-letter.js';
import { CLOUD_EVENT_CONTENT_TYPE, type CloudEvent, dataschemaOf } from '../../event/cloud-event.js';
import type { EventStream } from '../../event/event-stream.js';
import { BINDING, topicBinding } from './bindings.js';
import type { EventfulContext, TopicReading } from './event-api.js';
import { confirmationExamples, erasureTopicsOf, keysPart } from './keys.js';
import {
  CLOUD_EVENT_SCHEMA,
  componentName,
  DEAD_LETTER_HEADERS,
  eventHeaders,
  schemaReference,
  toComponent,
  typeOf,
} from './message-schemas.js';

type Part = Readonly<Record<string, unknown>>;

const DEAD_LETTER = 'deadLetter';
const CHANGES =
  'One record for each change of each aggregate, in order of the versions of the aggregate. Kept permanently.';
const CONFIRMATIONS =
  'One record for each erasure of a person, from each context that had data of the person. Kept permanently.';
const PUBLISHING =
  'Each saved change is published at least once, in order of the versions of its aggregate, in the newest versions of the schemas.';
const GIVING_UP =
  'A record that can never be applied, or that failed too often, is copied to the dead-letter topic. Then the reader goes on.';
// The host is a variable, because readers of the document need not learn the addresses of the brokers.
const KAFKA = {
  host: '{bootstrapServers}',
  protocol: 'kafka',
  description: 'Without Kafka settings, the process uses an embedded log with the same topics.',
  variables: { bootstrapServers: { default: 'localhost:9092', description: 'The value of KAFKA_BOOTSTRAP_SERVERS.' } },
};

/**
 * Returns the AsyncAPI 3.0 document of the given contexts. The messages of a topic are those of its publisher; if the
 * publisher is not among the contexts, the messages that a reader needs.
 * @param partitions of a new topic
 */
export function toAsyncApi(info: object, contexts: readonly EventfulContext[], partitions: number): object {
  const topics = topicsOf(contexts);
  const erasures = new Map(erasureTopicsOf(contexts));
  const keys = keysPart(contexts, partitions);
  const channels = [...topics].map(([topic, schemas]) => [
    topic,
    topicChannel(topic, [...schemas.keys()], partitions, erasures.has(topic) ? CONFIRMATIONS : CHANGES),
  ]);
  const readings = contexts.flatMap(({ name, events }) => events.reads.map((reading) => ({ name, reading })));
  const streams = contexts.flatMap(({ events }) => events.publishes);
  const samples = [...streams.flatMap((stream) => stream.samples ?? []), ...confirmationExamples(contexts)];
  const shared = streams.flatMap((stream) => stream.schemas).filter(({ $id }) => !typeOf($id));
  const schemas = [...topics.values()].flatMap((ofTopic) => [...ofTopic]);
  return {
    asyncapi: '3.1.0',
    info: { ...info, tags: contexts.map(({ name, purpose }) => ({ name, description: purpose })) },
    defaultContentType: CLOUD_EVENT_CONTENT_TYPE,
    servers: { kafka: KAFKA },
    channels: Object.fromEntries([
      ...channels,
      ...Object.entries(keys.channels),
      ...readings.map(({ reading }) => deadLetterChannel(reading, partitions)),
    ]) as Part,
    operations: {
      ...Object.fromEntries(
        contexts.flatMap(({ name, events }) => events.publishes.map((s) => publishOperation(name, s))),
      ),
      ...Object.fromEntries(readings.flatMap(({ name, reading }) => readOperations(name, reading, topics))),
      ...keys.operations,
    },
    components: {
      messages: {
        ...Object.fromEntries(schemas.map(([dataschema, schema]) => message(dataschema, schema, samples))),
        ...keys.messages,
        ...(readings.length > 0 && { [DEAD_LETTER]: deadLetter(readings[0]?.reading as TopicReading) }),
      },
      schemas: {
        CloudEvent: CLOUD_EVENT_SCHEMA,
        ...Object.fromEntries(shared.map((schema) => [componentName(schema.$id), toComponent(schema)])),
        ...Object.fromEntries(schemas.map(([dataschema, schema]) => [componentName(dataschema), schema])),
      },
    },
  };
}

/** Returns the data schemas of each topic's messages, by `dataschema`. */
function topicsOf(contexts: readonly EventfulContext[]): Map<string, Map<string, object>> {
  const topics = new Map<string, Map<string, object>>();
  for (const { events } of contexts) {
    for (const { topic, typePrefix, schemas } of events.publishes) {
      const ofStream = schemas.filter(({ $id }) => typeOf($id)?.startsWith(`${typePrefix}.`));
      topics.set(topic, new Map(ofStream.map((schema) => [schema.$id, toComponent(schema)])));
    }
  }
  for (const [topic, schemas] of erasureTopicsOf(contexts)) topics.set(topic, schemas);
  for (const { topic, needs = {} } of contexts.flatMap(({ events }) => events.reads)) {
    if (!topics.has(topic)) topics.set(topic, new Map(Object.entries(needs)));
  }
  return topics;
}

function topicChannel(topic: string, dataschemas: readonly string[], partitions: number, description: string): Part {
  return {
    address: topic,
    description,
    messages: Object.fromEntries(
      dataschemas.map(componentName).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
    ),
    bindings: { kafka: topicBinding(topic, partitions) },
  };
}

function deadLetterChannel({ topic, group }: TopicReading, partitions: number): [string, Part] {
  const address = deadLetterTopic({ topic, group });
  const channel = {
    address,
    description: `Records of \`${topic}\` that group \`${group}\` could not apply, with the reason in headers.`,
    messages: { [DEAD_LETTER]: { $ref: `#/components/messages/${DEAD_LETTER}` } },
    bindings: { kafka: topicBinding(address, partitions) },
  };
  return [address, channel];
}

function publishOperation(context: string, { topic, typePrefix, schemaVersions }: EventStream): [string, Part] {
  const current = Object.entries(schemaVersions).map(([type, major]) => dataschemaOf(`${typePrefix}.${type}`, major));
  const operation = {
    action: 'send',
    channel: { $ref: `#/channels/${topic}` },
    summary: `${context} publishes its changes`,
    description: PUBLISHING,
    tags: [{ name: context }],
    messages: current.map((dataschema) => messageReference(topic, dataschema)),
  };
  return [`${context}.publish.${topic}`, operation];
}

function readOperations(
  context: string,
  { topic, group, summary, needs }: TopicReading,
  topics: ReadonlyMap<string, ReadonlyMap<string, object>>,
): [string, Part][] {
  const dataschemas = needs ? Object.keys(needs) : [...(topics.get(topic)?.keys() ?? [])];
  const reading = {
    action: 'receive',
    channel: { $ref: `#/channels/${topic}` },
    summary,
    description: `Reads the topic from its beginning, as consumer group \`${group}\`. An offset is committed once the record is applied.`,
    tags: [{ name: context }],
    messages: dataschemas.map((dataschema) => messageReference(topic, dataschema)),
    bindings: { kafka: { groupId: { type: 'string', enum: [group] }, ...BINDING } },
  };
  const dead = deadLetterTopic({ topic, group });
  const deadLettering = {
    action: 'send',
    channel: { $ref: `#/channels/${dead}` },
    summary: `${context} sends records that it cannot apply to the dead-letter topic`,
    description: GIVING_UP,
    tags: [{ name: context }],
    messages: [{ $ref: `#/channels/${dead}/messages/${DEAD_LETTER}` }],
  };
  return [
    [`${context}.read.${topic}`, reading],
    [`${context}.giveUp.${topic}`, deadLettering],
  ];
}

function messageReference(topic: string, dataschema: string): Part {
  return { $ref: `#/channels/${topic}/messages/${componentName(dataschema)}` };
}

function message(
  dataschema: string,
  schema: { readonly description?: string },
  samples: readonly CloudEvent[],
): [string, Part] {
  const type = typeOf(dataschema) ?? '';
  const ofThis = samples.filter((sample) => sample.dataschema === dataschema);
  const body = {
    name: type,
    title: type,
    summary: schema.description,
    contentType: CLOUD_EVENT_CONTENT_TYPE,
    headers: eventHeaders(type, dataschema),
    payload: {
      allOf: [
        { $ref: '#/components/schemas/CloudEvent' },
        {
          type: 'object',
          properties: {
            type: { const: type },
            dataschema: { const: dataschema },
            data: { $ref: schemaReference(dataschema) },
          },
        },
      ],
    },
    correlationId: { location: '$message.payload#/traceparent' },
    bindings: {
      kafka: {
        key: { type: 'string', description: `Id of the ${memberOfType(type)}, the same as \`subject\`.` },
        ...BINDING,
      },
    },
    ...(ofThis.length > 0 && { examples: ofThis.map((payload) => ({ payload })) }),
  };
  return [componentName(dataschema), body];
}

/** Returns the kind of aggregate of a message type: `customer` for `accounts.customer.changed`. */
function memberOfType(type: string): string {
  return type.split('.')[1] as string;
}

function deadLetter({ topic, group }: TopicReading): Part {
  return {
    name: DEAD_LETTER,
    title: 'Dead letter',
    summary: 'The original record (key, value and headers), with headers that name its place and the reason.',
    headers: DEAD_LETTER_HEADERS,
    payload: { description: 'The original value, of any form: a malformed value may be the reason.' },
    bindings: { kafka: { key: { type: 'string', description: 'The key of the original record.' }, ...BINDING } },
    examples: [
      {
        headers: {
          'dlt-topic': topic,
          'dlt-partition': '3',
          'dlt-offset': '42',
          'dlt-group': group,
          'dlt-error': 'not JSON',
          'dlt-attempts': '1',
          'dlt-time': '2026-11-23T04:10:20.697Z',
        },
        payload: 'Hello',
      },
    ],
  };
}
