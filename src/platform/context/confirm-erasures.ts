import { v5 as uuidv5 } from 'uuid';
import { type CloudEvent, dataschemaOf } from '../event/cloud-event.js';
import { toEventRecord } from '../event/event-record.js';
import { canonicalJson, digestOf } from '../event/hash-chain.js';
import type { Bus, BusRecord } from '../log/bus.js';
import { erasuresTopicOf, kindOf } from '../privacy/topics.js';

/** UUID namespace of the ids of confirmations: a repeated one is the same event. */
const NAMESPACE = '6f0a3a57-3c1f-4d0e-9f0b-0c8f3f1b7c55';

/** The type of the event with which a context confirms that it has erased a person. */
export function confirmationType(keysTopic: string): string {
  return `${kindOf(keysTopic)}.erasure-confirmed`;
}

/** The data of a confirmation. */
export interface Confirmation {
  /** Name of the context that has erased its copies, and destroyed its key of the person. */
  readonly context: string;
}

/**
 * Confirms that the context has erased these persons. Repeated until it succeeds, because the erasures are delivered
 * again after a failure.
 * @param erasures the events that stated the erasures
 */
export async function confirmErasures(
  context: string,
  keysTopic: string,
  erasures: readonly CloudEvent[],
  bus: Pick<Bus, 'publish'> | undefined,
): Promise<void> {
  if (!bus) throw new Error(`context ${context} has not begun`);
  await bus.publish(
    erasuresTopicOf(keysTopic),
    erasures.map((erasure) => toRecord(context, keysTopic, erasure)),
  );
}

function toRecord(context: string, keysTopic: string, erasure: CloudEvent): BusRecord {
  const type = confirmationType(keysTopic);
  const { subject, sequence, id: causationid } = erasure;
  const data: Confirmation = { context };
  const canonical = canonicalJson({
    specversion: '1.0',
    id: uuidv5(`${context} ${subject} ${sequence}`, NAMESPACE),
    source: `/${context}`,
    ...{ type, subject, sequence, causationid, data },
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    dataschema: dataschemaOf(type, 1),
  });
  const json = `{"hash":"${digestOf(canonical)}",${canonical.slice(1)}`;
  return toEventRecord(subject, json);
}
