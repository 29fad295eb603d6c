import type { Admin, Kafka, RetryOptions } from 'kafkajs';
import { isCodedError } from '../tools/errors.js';
import { withTimeout } from '../tools/timeout.js';
import { connected, RETRY } from './client.js';

/** Milliseconds that a question may take, and how often the client asks again. */
export interface Asking {
  readonly timeoutMs?: number;
  readonly retry?: RetryOptions;
}

/**
 * Asks the brokers, with a client that is replaced after every failure: its connection may be what does not answer, and
 * it fails for all topics that it was ever asked for once one of them has gone.
 */
export class KafkaAdmin {
  private connecting: Promise<Admin> | undefined;

  constructor(
    private readonly kafka: Kafka,
    private readonly asking: Asking = {},
  ) {}

  /** @throws what the question throws, the client's error, or Error when it takes too long */
  async ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const { timeoutMs, retry = RETRY } = this.asking;
    this.connecting ??= connected(this.kafka.admin({ retry }), () => (this.connecting = undefined));
    const { connecting } = this;
    const answer = connecting.then(question);
    try {
      return await (timeoutMs === undefined ? answer : withTimeout(timeoutMs, answer));
    } catch (error) {
      if (!isCodedError(error) || error.kind === 'unavailable') this.forget(connecting);
      throw error;
    }
  }

  async close(): Promise<void> {
    const admin = await this.connecting?.catch(() => undefined);
    await admin?.disconnect().catch(() => undefined);
  }

  private forget(connecting: Promise<Admin>): void {
    if (this.connecting === connecting) this.connecting = undefined;
    // It may wait for an answer that never comes.
    void connecting.then((admin) => admin.disconnect()).catch(() => undefined);
  }
}
