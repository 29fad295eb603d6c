import type { KafkaConfig } from 'kafkajs';
import type {
  ConnectedFetcher,
  ConnectedProducer,
  Member,
  MemberOptions,
  ProducerOptions,
  RecordClient,
} from '../record-client.js';
import { PlatformaticFetcher } from './fetcher.js';
import type { Library } from './library.js';
import { loadLibrary } from './load.js';
import { PlatformaticMember } from './member.js';
import { clientOptions } from './options.js';
import { PlatformaticProducer, PRODUCER_RETRIES } from './producer.js';

type Settings = Omit<KafkaConfig, 'logCreator'>;

/** Sends and fetches with `@platformatic/kafka`. */
export class PlatformaticClient implements RecordClient {
  private constructor(
    private readonly library: Library,
    private readonly settings: Settings,
  ) {}

  /** Loads the library. @throws PlatformError `client-missing` when it is not installed */
  static async load(settings: Settings): Promise<PlatformaticClient> {
    return new PlatformaticClient(await loadLibrary(), settings);
  }

  async connectProducer(options: ProducerOptions): Promise<ConnectedProducer> {
    const producer = new PlatformaticProducer(this.library, this.withRetries(PRODUCER_RETRIES), options);
    await producer.connect();
    return producer;
  }

  newMember(options: MemberOptions): Member {
    return new PlatformaticMember(this.library, (retries) => this.withRetries(retries), options);
  }

  connectFetcher(): Promise<ConnectedFetcher> {
    return Promise.resolve(new PlatformaticFetcher(this.library, this.withRetries(0)));
  }

  private withRetries(retries: number) {
    return clientOptions(this.settings, retries);
  }
}
