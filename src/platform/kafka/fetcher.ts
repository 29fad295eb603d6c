import type { LoggedRecord } from '../log/bus.js';
import { withTimeout } from '../tools/timeout.js';
import { explained } from './errors.js';
import { isFenceRecord } from './record.js';
import type { ConnectedFetcher, RecordClient } from './record-client.js';
import { type TopicView, toLoggedRecord } from './topic-view.js';

const TIMEOUT_MS = 2_000;

/** Fetches single records, without a consumer group. */
export class KafkaFetcher {
  private connecting: Promise<ConnectedFetcher> | undefined;
  /** One request at a time: concurrent first ones would each open a connection, and lose all but one. */
  private fetching: Promise<unknown> = Promise.resolve();
  private isClosed = false;

  constructor(private readonly client: RecordClient) {}

  /**
   * Returns the first record from an offset on, if the first batch from there has one.
   * @param partition its number on the bus
   * @throws Error when Kafka does not answer in time, or does not have the offset
   */
  first(view: TopicView, partition: number, offset: number): Promise<LoggedRecord | undefined> {
    const found = this.fetching.then(() => this.fetch(view, partition, offset));
    this.fetching = found.catch(() => undefined);
    return found;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.fetching;
    const fetcher = await this.connecting?.catch(() => undefined);
    await fetcher?.disconnect().catch(() => undefined);
  }

  private async fetch(view: TopicView, partition: number, offset: number): Promise<LoggedRecord | undefined> {
    if (this.isClosed) throw new Error('the Kafka client is closed');
    const own = partition - view.firstPartition;
    this.connecting ??= this.client.connectFetcher();
    const { connecting } = this;
    try {
      const messages = await withTimeout(
        TIMEOUT_MS,
        connecting.then((fetcher) => fetcher.fetch(view.name, own, offset)),
      );
      const first = messages.find((each) => Number(each.offset) >= offset && !isFenceRecord(each));
      return first && toLoggedRecord(view, own, first);
    } catch (error) {
      // The leader may be another broker now, or the connection may not answer.
      this.forget(connecting);
      throw explained(error);
    }
  }

  private forget(connecting: Promise<ConnectedFetcher>): void {
    if (this.connecting === connecting) this.connecting = undefined;
    void connecting.then((fetcher) => fetcher.disconnect()).catch(() => undefined);
  }
}
