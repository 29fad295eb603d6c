import { KEEPS_FOR_EVER } from '../../log/topics.js';
import { deadLetterTopic } from '../../consuming/dead-letter.js';
import { CLOUD_EVENT_CONTENT_TYPE, type CloudEvent, dataschemaOf } from '../../event/cloud-event.js';
import type { EventStream } from '../../event/event-stream.js';
import type { EventApi, TopicReading } from './event-api.js';
import {
  CLOUD_EVENT_SCHEMA,
  componentName,
  DEAD_LETTER_HEADERS,
  schemaReference,
  toComponent,
  typeOf,
} from './message-schemas.js';

/** What the document needs to know of a context. */
export interface EventfulContext {
  readonly name: string;
  readonly events: EventApi;
}

type Part = Readonly<Record<string, unknown>>;

const BINDING = { bindingVersion: '0.5.0' };
const DEAD_LETTER = 'deadLetter';
// Which brokers these are is not for everybody who may read the document.
const KAFKA = {
  host: '{bootstrapServers}',
  protocol: 'kafka',
  description: 'Where Kafka is not configured, an embedded log with the same topics, inside the process.',
  variables: { bootstrapServers: { default: 'localhost:9092', description: 'As in KAFKA_BOOTSTRAP_SERVERS.' } },
};

/**
 * The AsyncAPI 3.0 document of the given contexts. A topic has the messages of the context that publishes there; where
 * that one is not among them, what a reader needs of its messages.
 * @param partitions of a topic that is created
 */
export function toAsyncApi(info: object, contexts: readonly EventfulContext[], partitions: number): object {
  const topics = topicsOf(contexts);
  const channels = [...topics].map(([topic, schemas]) => [topic, topicChannel(topic, [...schemas.keys()], partitions)]);
  const readings = contexts.flatMap(({ name, events }) => events.reads.map((reading) => ({ name, reading })));
  const streams = contexts.flatMap(({ events }) => events.publishes);
  const samples = streams.flatMap((stream) => stream.samples ?? []);
  const shared = streams.flatMap((stream) => stream.schemas).filter(({ $id }) => !typeOf($id));
  const schemas = [...topics.values()].flatMap((ofTopic) => [...ofTopic]);
  return {
    asyncapi: '3.0.0',
    info,
    defaultContentType: CLOUD_EVENT_CONTENT_TYPE,
    servers: { kafka: KAFKA },
    channels: Object.fromEntries([
      ...channels,
      ...readings.map(({ reading }) => deadLetterChannel(reading, partitions)),
    ]) as Part,
    operations: {
      ...Object.fromEntries(contexts.flatMap(({ name, events }) => events.publishes.map((s) => publishing(name, s)))),
      ...Object.fromEntries(readings.flatMap(({ name, reading }) => operationsOf(name, reading, topics))),
    },
    components: {
      messages: {
        ...Object.fromEntries(schemas.map(([dataschema, schema]) => message(dataschema, schema, samples))),
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

/** By topic: the schema of the data of each message there, by its `dataschema`. */
function topicsOf(contexts: readonly EventfulContext[]): Map<string, Map<string, object>> {
  const topics = new Map<string, Map<string, object>>();
  for (const { events } of contexts) {
    for (const { topic, typePrefix, schemas } of events.publishes) {
      const ofStream = schemas.filter(({ $id }) => typeOf($id)?.startsWith(`${typePrefix}.`));
      topics.set(topic, new Map(ofStream.map((schema) => [schema.$id, toComponent(schema)])));
    }
  }
  for (const { topic, needs = {} } of contexts.flatMap(({ events }) => events.reads)) {
    if (!topics.has(topic)) topics.set(topic, new Map(Object.entries(needs)));
  }
  return topics;
}

function topicChannel(topic: string, dataschemas: readonly string[], partitions: number): Part {
  return {
    address: topic,
    description:
      "Every change of every aggregate, one record each, in order of an aggregate's versions, kept for ever.",
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
    description: `What group \`${group}\` could never apply of \`${topic}\`: the records as they were, and why.`,
    messages: { [DEAD_LETTER]: { $ref: `#/components/messages/${DEAD_LETTER}` } },
    bindings: { kafka: topicBinding(address, partitions) },
  };
  return [address, channel];
}

function topicBinding(topic: string, partitions: number): Part {
  return {
    topic,
    partitions,
    topicConfiguration: {
      'cleanup.policy': [KEEPS_FOR_EVER['cleanup.policy']],
      'retention.ms': Number(KEEPS_FOR_EVER['retention.ms']),
      'retention.bytes': Number(KEEPS_FOR_EVER['retention.bytes']),
    },
    ...BINDING,
  };
}

function publishing(context: string, { topic, typePrefix, schemaVersions }: EventStream): [string, Part] {
  const current = Object.entries(schemaVersions).map(([type, major]) => dataschemaOf(`${typePrefix}.${type}`, major));
  const operation = {
    action: 'send',
    channel: { $ref: `#/channels/${topic}` },
    summary: `${context} publishes its changes`,
    messages: current.map((dataschema) => messageReference(topic, dataschema)),
  };
  return [`${context}.publish.${topic}`, operation];
}

function operationsOf(
  context: string,
  { topic, group, summary, needs }: TopicReading,
  topics: ReadonlyMap<string, ReadonlyMap<string, object>>,
): [string, Part][] {
  const dataschemas = needs ? Object.keys(needs) : [...(topics.get(topic)?.keys() ?? [])];
  const reading = {
    action: 'receive',
    channel: { $ref: `#/channels/${topic}` },
    summary,
    messages: dataschemas.map((dataschema) => messageReference(topic, dataschema)),
    bindings: { kafka: { groupId: { type: 'string', enum: [group] }, ...BINDING } },
  };
  const dead = deadLetterTopic({ topic, group });
  const givingUp = {
    action: 'send',
    channel: { $ref: `#/channels/${dead}` },
    summary: `${context} puts aside what it can never apply`,
    messages: [{ $ref: `#/channels/${dead}/messages/${DEAD_LETTER}` }],
  };
  return [
    [`${context}.read.${topic}`, reading],
    [`${context}.giveUp.${topic}`, givingUp],
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
  const type = typeOf(dataschema);
  const ofThis = samples.filter((sample) => sample.dataschema === dataschema);
  const body = {
    name: type,
    title: type,
    summary: schema.description,
    contentType: CLOUD_EVENT_CONTENT_TYPE,
    headers: {
      type: 'object',
      required: ['content-type'],
      properties: { 'content-type': { const: CLOUD_EVENT_CONTENT_TYPE } },
    },
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
    bindings: { kafka: { key: { type: 'string', description: 'Id of the aggregate, as `subject`.' }, ...BINDING } },
    ...(ofThis.length > 0 && { examples: ofThis.map((payload) => ({ payload })) }),
  };
  return [componentName(dataschema), body];
}

function deadLetter({ topic, group }: TopicReading): Part {
  return {
    name: DEAD_LETTER,
    title: 'Dead letter',
    summary: 'A record as it was, key, value and headers, with headers that say where it was and why it is here.',
    headers: DEAD_LETTER_HEADERS,
    payload: { description: 'Anything: that may be what is wrong with it.' },
    bindings: { kafka: { key: { type: 'string', description: 'As the record had it.' }, ...BINDING } },
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
