import type { ConnectedFetcher } from '../record-client.js';
import type { FetchedMessage } from '../record.js';
import type { ClientOptions, Library } from './library.js';
import { messagesOf } from './messages.js';
import { leaderOf, Source } from './source.js';

/** The broker returns a whole batch, also if that is larger. */
const ONE_BATCH = { maxWaitMs: 0, minBytes: 0, partitionBytes: 1 };

/** Fetches single batches. */
export class PlatformaticFetcher implements ConnectedFetcher {
  /** By topic. */
  private readonly sources = new Map<string, Source>();

  constructor(
    private readonly library: Library,
    private readonly client: ClientOptions,
  ) {}

  async fetch(topic: string, partition: number, offset: number): Promise<readonly FetchedMessage[]> {
    const source = this.sources.get(topic) ?? new Source(this.library, this.client, [topic]);
    this.sources.set(topic, source);
    const metadata = await source.metadata();
    const place = { topic, partition, next: offset };
    const node = leaderOf(metadata, place);
    if (node === undefined) throw new Error(`${topic} has no partition ${partition}`);
    const [found] = await source.fetch(node, [place], ONE_BATCH, metadata);
    return found ? messagesOf(found.fetched, offset) : [];
  }

  async disconnect(): Promise<void> {
    await Promise.all([...this.sources.values()].map((source) => source.close()));
  }
}
