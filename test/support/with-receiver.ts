import { OtlpReceiver } from '../../src/platform/testing/otlp-receiver.js';

/** Runs a test with a receiver of spans, which ends with it. */
export async function withReceiver(test: (receiver: OtlpReceiver) => Promise<void>): Promise<void> {
  const receiver = await OtlpReceiver.start();
  try {
    await test(receiver);
  } finally {
    await receiver.stop();
  }
}
