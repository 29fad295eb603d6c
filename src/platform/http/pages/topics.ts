import type { AsyncApiDocument, Channel, Message, Operation, Reference } from './async-api-document.js';

/** A topic, with what the document says of it in several places. */
export interface Topic {
  readonly channel: Channel;
  readonly senders: readonly Operation[];
  readonly readers: readonly Operation[];
  /** By name: those that are published now, and then those of older versions, the newest first. */
  readonly messages: readonly (readonly [name: string, message: Message])[];
  /** Names of the messages that the log has from before, and that nobody publishes any more. */
  readonly older: ReadonlySet<string>;
}

/** Returns the topics of a document, in its order. */
export function topicsOf(document: AsyncApiDocument): Topic[] {
  return Object.values(document.channels).map((channel) => {
    const operations = Object.values(document.operations).filter((each) => nameIn(each.channel) === channel.address);
    const senders = operations.filter(({ action }) => action === 'send');
    const readers = operations.filter(({ action }) => action === 'receive');
    const all = Object.values(channel.messages).map(nameIn).reverse();
    const sent = [...new Set(senders.flatMap(({ messages }) => messages.map(nameIn)))];
    const older = sent.length === 0 ? [] : all.filter((name) => !sent.includes(name));
    const names = sent.length === 0 ? all : [...sent, ...older];
    const messages = names.map((name) => [name, document.components.messages[name] as Message] as const);
    return { channel, senders, readers, messages, older: new Set(older) };
  });
}

/** Returns whether a topic has only records that a reader could not apply. */
export function isDeadLetters({ messages }: Topic): boolean {
  return messages.every(([name]) => name === 'deadLetter');
}

/** Returns what the key of a topic's records is. */
export function keyOf({ messages }: Topic): string {
  return messages[0]?.[1].bindings.kafka.key.description ?? '';
}

/** Returns the names of the contexts that have these operations. */
export function contextsOf(operations: readonly Operation[]): string {
  return [...new Set(operations.flatMap(({ tags = [] }) => tags.map(({ name }) => name)))].join(', ');
}

/** Returns how long a topic keeps its records. */
export function retentionOf({ bindings }: Channel): string {
  const { 'cleanup.policy': policy, 'retention.ms': retentionMs } = bindings.kafka.topicConfiguration;
  if ([policy].flat().includes('compact')) return 'the newest record of each key (compacted)';
  return retentionMs === -1 ? 'permanently' : `for ${String(retentionMs)} ms`;
}

function nameIn({ $ref }: Reference): string {
  return $ref.split('/').at(-1) as string;
}
