import { describe, expect, it } from '@jest/globals';
import { toChain } from '../testing/cloud-events.js';
import { changed, created, itemEvents } from '../testing/items.js';
import type { CloudEvent } from './cloud-event.js';
import { isAltered, originalHashes, originalOf, composeCopy } from './copied-event.js';
import { extensionsOf } from './extensions.js';
import { hashOf } from './hash-chain.js';

describe('the copy of an event in another generation', () => {
  const first = created('a');
  const [, event] = toChain(itemEvents, [first, changed(first.state, 'another name')]) as [CloudEvent, CloudEvent];
  const copyOf = (of: CloudEvent, prevhash: string) => JSON.parse(composeCopy(of, prevhash).json) as CloudEvent;
  const copy = copyOf(event, 'a'.repeat(64));

  it('has a hash of its own, and names the hashes that the event was published with', () => {
    expect(copy).toEqual({
      ...event,
      prevhash: 'a'.repeat(64),
      hash: hashOf(copy),
      formerhash: event.hash,
      formerprevhash: event.prevhash,
    });
    expect(isAltered(copy)).toBe(false);
  });

  it('is the event as it was published, also when it is copied again', () => {
    const again = copyOf(copy, 'b'.repeat(64));

    expect(originalOf(again)).toEqual(event);
    expect(originalHashes(again)).toEqual({ hash: event.hash, prevhash: event.prevhash });
    expect(again.hash).not.toBe(copy.hash);
  });

  it('has no attribute that a database would have to know', () => {
    expect(extensionsOf(copy)).toEqual(extensionsOf(event));
  });
});
