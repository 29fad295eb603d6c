import { pino } from 'pino';
import type { Handled } from '../consuming/handling-observer.js';
import { recordHandler } from '../consuming/record-handler.js';
import type { Subscription } from '../consuming/subscription.js';
import { UnreadableRecord } from '../event/parse-cloud-event.js';
import type { Bus, BusRecord, LoggedRecord, RecordHandler } from '../log/bus.js';
import { leaseUntil } from '../log/lease.js';
import { notStorable, PlatformError } from '../tools/errors.js';
import { toCloudEvent } from './cloud-events.js';
import { created, eventOf as eventOfItem, itemEvents } from './items.js';
import { FlakyLog, type PublishOutcome } from './relay-world.js';

/** Part of some records and errors that must be in no dead letter and in no line. */
export const SECRET = '4111111111111111';

/** Builds a record as a consumer gets it. */
export function logged(offset: number, value: string, key = 'a'): LoggedRecord {
  const headers = { 'content-type': 'application/json' };
  return { topic: 'topic', partition: 3, offset, key: Buffer.from(key), value: Buffer.from(value), headers };
}

/** The JSON of an event. */
export function eventOf(id: string, type = 'created'): string {
  const of = { id, version: 1, time: '2026-01-01T00:00:00.000Z' };
  return JSON.stringify({ ...toCloudEvent(itemEvents, eventOfItem(created(id)), of), type: `test.item.${type}` });
}

/** Cares for what was created; its reader and its database have trouble with what is called like that. */
class Copies implements Subscription<string> {
  readonly topic = 'topic';
  readonly group = 'group';
  readonly applied: (readonly string[])[] = [];
  tries = 0;
  failure: Error | undefined;
  /** Names that the code cannot deal with. The test makes the errors, because they say where they were made. */
  readonly bugs = new Map<string, () => Error>();

  read: Subscription<string>['read'] = ({ type, subject }) => {
    if (subject === 'unreadable') throw new UnreadableRecord('it fails the schema at /data');
    if (subject === 'broken') throw new TypeError(`cannot read ${SECRET}`);
    return type === 'test.item.created' ? subject : undefined;
  };

  react = (messages: readonly string[]): Promise<void> => {
    this.tries += 1;
    if (this.failure) return Promise.reject(this.failure);
    const bug = messages.find((name) => this.bugs.has(name));
    if (bug !== undefined) return Promise.reject(this.bugs.get(bug)!());
    if (messages.some((name) => name.startsWith('refused'))) return Promise.reject(notStorable('never that'));
    this.applied.push(messages);
    return Promise.resolve();
  };
}

/** A subscription that keeps copies, on a log that fails on demand and has its dead letters. */
export class SubscriptionWorld {
  readonly copies = new Copies();
  readonly log = new FlakyLog();
  /** The topic of each publish. */
  readonly topics: string[] = [];
  /** The outcomes of the next publishes. */
  outcomes: PublishOutcome[] = [];
  /** Maximum size of a dead letter's value. */
  maxBytes = Infinity;
  readonly lease = new AbortController();
  /** What was logged. */
  readonly lines: string[] = [];
  /** Number of records that were given up. */
  counted = 0;
  /** Number of them that our own code failed on. */
  failed = 0;
  /** What was reported of each delivery. */
  readonly handled: Handled[] = [];
  private readonly handler: RecordHandler;

  constructor() {
    const bus = this.log.bus(() => this.outcomes.shift() ?? 'ok');
    const watched: Bus = {
      ...bus,
      publish: (topic: string, published: readonly BusRecord[]) => {
        this.topics.push(topic);
        const isTooLarge = published.some(({ value }) => (value?.length ?? 0) > this.maxBytes);
        if (isTooLarge) return Promise.reject(new PlatformError('too-large', 'record-too-large', 'too large'));
        return bus.publish(topic, published);
      },
    };
    const logger = pino({}, { write: (line: string) => this.lines.push(line) });
    this.handler = recordHandler(this.copies as Subscription, watched, logger, {
      onDeadLetters: (_consumed, { count, programmingErrors }) => {
        this.counted += count;
        this.failed += programmingErrors;
      },
      onHandled: (_consumed, handled) => this.handled.push(handled),
    });
  }

  handle(...records: LoggedRecord[]): Promise<void> {
    return this.handler(records, leaseUntil(this.lease.signal));
  }
}
