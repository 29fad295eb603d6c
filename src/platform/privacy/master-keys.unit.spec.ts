import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { isUnavailable } from '../tools/errors.js';
import { bytesOf, dataKeyOf, isShredded, newDataKey } from './data-key.js';
import { UnusableKey } from './key-wrapper.js';
import { MasterKeys, newMasterKey } from './master-keys.js';

const [older, newer] = [newMasterKey(), newMasterKey()];
const keys = new MasterKeys([newer, older]);

describe('master keys', () => {
  it('unwrap what any of them has wrapped, and wrap with the newest', () => {
    const key = newDataKey();
    const before = new MasterKeys([older]).wrap('ada', key);
    const after = keys.wrap('ada', key);
    expect([before.master, after.master]).toEqual([older.id, newer.id]);
    for (const wrapped of [before, after]) {
      const opened = keys.unwrap('ada', wrapped);
      expect(opened.kid).toBe(key.kid);
      expect(bytesOf(opened)).toEqual(bytesOf(key));
    }
  });

  it('wrap a key in another way each time, and show nothing of it', () => {
    const key = newDataKey();
    const [first, second] = [keys.wrap('ada', key), keys.wrap('ada', key)];
    expect(first.wrapped).not.toBe(second.wrapped);
    expect(JSON.stringify(first)).not.toContain(bytesOf(key).toString('base64').slice(0, 40));
  });

  it('are unavailable if the one that has wrapped is missing', () => {
    const wrapped = keys.wrap('ada', newDataKey());
    const errors = [
      () => new MasterKeys([older]).unwrap('ada', wrapped),
      () => new MasterKeys([]).wrap('ada', newDataKey()),
    ];
    for (const act of errors) {
      const error = errorOf(act);
      expect(isUnavailable(error)).toBe(true);
      expect(error.message).toMatch(/^there is no master key/);
    }
  });

  it('do not unwrap what is altered or of another person', () => {
    const wrapped = keys.wrap('ada', newDataKey());
    const bytes = Buffer.from(wrapped.wrapped, 'base64');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const altered = Buffer.from(bytes);
      altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expectUnusable('ada', { ...wrapped, wrapped: altered.toString('base64') });
    }
    for (const length of [0, 12, 32, 59]) {
      expectUnusable('ada', { ...wrapped, wrapped: bytes.subarray(0, length).toString('base64') });
    }
    expectUnusable('ada', { ...wrapped, wrapped: ` ${wrapped.wrapped}` });
    expectUnusable('grace', wrapped);
    expectUnusable('ada', { ...wrapped, kid: newDataKey().kid });
    expectUnusable('ada', { ...wrapped, master: older.id });
  });

  it.each([
    'CwFCRpG7xondpTUGZ/K492vgqVBSc5YTduddAjf2pT09iso5o9ybSu7zEGrxj7LLbAV11HW+b71ylfYh',
    'YG7CwRku8KbaucgShbOnwGzO8gYS8dhI9hB3eyBwycEKxv2k71A3eda6gMS05f85+kGPc5ANs+VpESFW',
  ])('unwrap what was wrapped before: %s', (wrapped) => {
    const golden = dataKeyOf(Buffer.from(Array.from({ length: 32 }, (_, index) => index)));
    const wrapper = new MasterKeys([{ id: 'golden', bytes: Buffer.alloc(32, 7) }]);
    const key = wrapper.unwrap('ada', { kid: golden.kid, wrapped, master: 'golden' });
    expect(bytesOf(key)).toEqual(bytesOf(golden));
  });
});

describe('a signature', () => {
  it('is accepted with the master key, and of this text alone', () => {
    const signed = new MasterKeys([older]).sign('text');
    expect(keys.isSigned('text', signed)).toBe(true);
    expect(keys.isSigned('text', keys.sign('text'))).toBe(true);
    expect(keys.sign('text').master).toBe(newer.id);
    expect(keys.isSigned('text.', signed)).toBe(false);
    expect(keys.isSigned('text', { ...signed, master: newer.id })).toBe(false);
    expect(keys.isSigned('text', { ...signed, mac: '' })).toBe(false);
    expect(new MasterKeys([newer]).isSigned('text', signed)).toBe(false);
  });

  it('is not made with the key that encrypts, and stays the same', () => {
    const wrapper = new MasterKeys([{ id: 'golden', bytes: Buffer.alloc(32, 7) }]);
    expect(wrapper.sign('text')).toEqual({ master: 'golden', mac: 'vnNsG45eZhy0DASGBnCgyDfqd8ytgeASlPEG27hA3Ag=' });
    const direct = createHmac('sha256', Buffer.alloc(32, 7)).update('text').digest('base64');
    expect(wrapper.sign('text').mac).not.toBe(direct);
  });
});

it('a stored key is either wrapped or shredded', () => {
  expect(isShredded({ shreddedAt: '2026-11-27T00:00:00Z' })).toBe(true);
  expect(isShredded(keys.wrap('ada', newDataKey()))).toBe(false);
  expect(isShredded(undefined)).toBe(false);
});

function expectUnusable(subject: string, wrapped: Parameters<typeof keys.unwrap>[1]): void {
  const error = errorOf(() => keys.unwrap(subject, wrapped));
  expect(error).toBeInstanceOf(UnusableKey);
  expect(error.message).toMatch(/^the key of this person cannot be used: it (was altered|is not the one)/);
}

function errorOf(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it succeeded');
}
