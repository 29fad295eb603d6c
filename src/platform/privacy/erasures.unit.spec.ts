import { describe, expect, it } from '@jest/globals';
import type { CloudEvent } from '../event/cloud-event.js';
import { erasureIn, timesOf } from './erasures.js';

const KEYS = 'accounts.customer.keys';
const TIME = '2026-11-24T08:00:00.000Z';

const event = (type: string, data: unknown, subject = 'ada') => ({ type, data, subject, time: TIME }) as CloudEvent;
const erased = (id: string) => ({ customer: { id, erased: true } });

describe('the erasure of a person', () => {
  it('is in the event that states it, with its time', () => {
    const erasure = erasureIn(event('accounts.customer.erased', erased('ada')), KEYS);
    expect(erasure).toEqual({ person: 'ada', time: TIME });
    expect(timesOf([erasure!])).toEqual(new Map([['ada', TIME]]));
  });

  it('is in whichever event of the person has it: a resolved conflict may have another type', () => {
    expect(erasureIn(event('accounts.customer.changed', erased('ada')), KEYS)).toMatchObject({ person: 'ada' });
  });

  it.each([
    ['another person', event('accounts.customer.erased', erased('bob'))],
    ['another kind of aggregate', event('orders.order.erased', erased('ada'))],
    ['a kind whose name begins the same', event('accounts.customers.erased', erased('ada'))],
    ['a person who is not erased', event('accounts.customer.changed', { customer: { id: 'ada' } })],
    ['something that is almost true', event('accounts.customer.erased', { customer: { id: 'ada', erased: 'true' } })],
    ['another member', event('accounts.customer.erased', { order: { id: 'ada', erased: true } })],
    ['no data', event('accounts.customer.erased', undefined)],
    ['null', event('accounts.customer.erased', null)],
    ['no customer', event('accounts.customer.erased', { customer: null })],
  ])('is not in an event about %s', (_what, other) => {
    expect(erasureIn(other, KEYS)).toBeUndefined();
  });
});
