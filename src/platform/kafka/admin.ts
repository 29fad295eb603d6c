import type { Admin, Kafka, RetryOptions } from 'kafkajs';
import { isCodedError } from '../tools/errors.js';
import { withTimeout } from '../tools/timeout.js';
import { connected, RETRY } from './client.js';

/** Timeout in milliseconds, and the client's retries. */
export interface AdminOptions {
  readonly timeoutMs?: number;
  readonly retry?: RetryOptions;
}

/**
 * Runs admin requests. It replaces the kafkajs client after every failure, for two reasons: the client's connection may
 * be the one that does not answer; and after one topic was deleted, its metadata requests fail for all topics.
 */
export class KafkaAdmin {
  private connecting: Promise<Admin> | undefined;
  private isClosed = false;

  constructor(
    private readonly kafka: Kafka,
    private readonly options: AdminOptions = {},
  ) {}

  /** @throws the error of the request or of the client, or Error after the timeout or after {@link close} */
  async ask<T>(request: (admin: Admin) => Promise<T>): Promise<T> {
    if (this.isClosed) throw new Error('the Kafka client is closed');
    const { timeoutMs, retry = RETRY } = this.options;
    this.connecting ??= connected(this.kafka.admin({ retry }), () => (this.connecting = undefined));
    const { connecting } = this;
    const answer = connecting.then(request);
    try {
      return await (timeoutMs === undefined ? answer : withTimeout(timeoutMs, answer));
    } catch (error) {
      if (!isCodedError(error) || error.kind === 'unavailable') this.forget(connecting);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const admin = await this.connecting?.catch(() => undefined);
    await admin?.disconnect().catch(() => undefined);
  }

  private forget(connecting: Promise<Admin>): void {
    if (this.connecting === connecting) this.connecting = undefined;
    // Not awaited: it may wait for an answer that never comes.
    void connecting.then((admin) => admin.disconnect()).catch(() => undefined);
  }
}
