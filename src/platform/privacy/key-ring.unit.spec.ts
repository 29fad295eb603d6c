import { describe, expect, it } from '@jest/globals';
import { KeyRing } from './key-ring.js';
import { UnusableKey } from './key-wrapper.js';
import { MasterKeys, newMasterKey } from './master-keys.js';
import { openPart, sealPart } from './sealed-part.js';

/** Master keys that count what they unwrap. */
class CountingKeys extends MasterKeys {
  unwrapped = 0;

  override unwrap(...of: Parameters<MasterKeys['unwrap']>) {
    this.unwrapped += 1;
    return super.unwrap(...of);
  }
}

describe('a ring of keys', () => {
  const [older, newer] = [newMasterKey(), newMasterKey()];

  it('makes a key that can be opened again', () => {
    const ring = new KeyRing(new MasterKeys([newer]));
    const { key, wrapped } = ring.make('ada');
    const sealed = sealPart(key, { name: 'Ada' }, 'event');
    expect(openPart(ring.open('ada', wrapped), sealed, 'event')).toEqual({ name: 'Ada' });
  });

  it('unwraps a key once', () => {
    const { wrapped } = new KeyRing(new MasterKeys([newer])).make('ada');
    const wrapper = new CountingKeys([newer]);
    const ring = new KeyRing(wrapper);
    ring.open('ada', wrapped);
    ring.open('ada', wrapped);
    expect(wrapper.unwrapped).toBe(1);
  });

  it('keeps no more than 20,000 keys, and drops the oldest', () => {
    const wrapper = new CountingKeys([newer]);
    const ring = new KeyRing(wrapper);
    const wrapped = Array.from({ length: 20_001 }, (_, index) => ring.make(`person-${index}`).wrapped);
    const open = (index: number) => ring.open(`person-${index}`, wrapped[index]!);
    wrapped.forEach((_, index) => open(index));
    expect(wrapper.unwrapped).toBe(20_001);
    open(20_000);
    expect(wrapper.unwrapped).toBe(20_001);
    open(0);
    expect(wrapper.unwrapped).toBe(20_002);
  });

  it('has a key at hand that it used, and none that was dropped or is another one', () => {
    const wrapper = new CountingKeys([newer]);
    const ring = new KeyRing(wrapper);
    const { wrapped } = ring.make('ada');
    const key = ring.open('ada', wrapped);
    expect(ring.recent('ada', key.kid)).toBe(key);
    expect(ring.recent('ada', 'other')).toBeUndefined();
    expect(ring.recent('bob', key.kid)).toBeUndefined();
    ring.drop('ada');
    ring.drop('bob');
    expect(ring.recent('ada', key.kid)).toBeUndefined();
    ring.open('ada', wrapped);
    expect(wrapper.unwrapped).toBe(2);
  });

  it('opens no key of another person', () => {
    const { wrapped } = new KeyRing(new MasterKeys([newer])).make('ada');
    const ring = new KeyRing(new MasterKeys([newer]));
    expect(() => ring.open('bob', wrapped)).toThrow(UnusableKey);
  });

  it('wraps keys with the newest master key, and says if that is so already', () => {
    const { key, wrapped } = new KeyRing(new MasterKeys([older])).make('ada');
    const ring = new KeyRing(new MasterKeys([newer, older]));
    const again = ring.rewrap('ada', wrapped);
    expect(again).toMatchObject({ kid: key.kid, master: newer.id });
    expect(ring.rewrap('ada', again!)).toBeUndefined();
    expect(new KeyRing(new MasterKeys([newer])).open('ada', again!).kid).toBe(key.kid);
  });
});
