import type { Bus, BusRecord } from '../log/bus.js';
import { isCodedError } from '../tools/errors.js';
import type { Refused } from './apply-records.js';
import { type Consumed, deadLetterTopic, toDeadLetter, withoutContent } from './dead-letter.js';

/** Puts records to the dead letters; answers when they are durable there. After a failure some may be there already. */
export async function sendToDeadLetters(bus: Bus, consumed: Consumed, refused: readonly Refused[]): Promise<void> {
  const letters = refused.map((each) => toDeadLetter(each, consumed.group));
  await publish(bus, deadLetterTopic(consumed), letters);
}

/** What the broker takes for too large to be a letter is left where it was, for it stays there for ever. */
async function publish(bus: Bus, topic: string, letters: readonly BusRecord[]): Promise<void> {
  try {
    await bus.publish(topic, letters);
  } catch (error) {
    if (!isCodedError(error) || error.kind !== 'too-large') throw error;
    if (letters.length > 1) for (const letter of letters) await publish(bus, topic, [letter]);
    else await bus.publish(topic, letters.map(withoutContent));
  }
}
