import { describe, expect, it } from '@jest/globals';
import { Container } from 'inversify';
import type { CloudEvent } from '../event/cloud-event.js';
import type { ReactionDeclaration } from './declaration.js';
import { reactingOf, subscriptionsOf } from './reacting.js';

const CHANGED = 'test.item.changed';
const ERASED = 'test.item.erased';
const known = { dataschema: `urn:schema:${CHANGED}:v1` } as CloudEvent;
const ignored = { dataschema: 'urn:schema:test.item.viewed:v1' } as CloudEvent;
const newest: Partial<ReactionDeclaration> = { needs: { [known.dataschema]: {} }, needsEach: [] };

/** Returns whether a later event makes up for one of these types: changed, erased, unknown. */
function replaced(later: CloudEvent, ...declared: readonly Partial<ReactionDeclaration>[]) {
  const reactions = declared.map((each) => ({ topic: 'topic', summary: '', read: () => ({}), ...each }));
  const parts = reactions.map((each) => reactingOf(each, new Container(), undefined));
  const [subscription] = subscriptionsOf('group', parts);
  return [CHANGED, ERASED, undefined].map((lost) => subscription?.replaces?.(lost, later) ?? false);
}

describe('a later event makes up for one that was not applied', () => {
  it('if the reaction says that only the newest one matters', () => {
    expect(replaced(known, newest)).toEqual([true, true, true]);
  });

  it('never, if the reaction says nothing', () => {
    expect(replaced(known, { ...newest, needsEach: undefined })).toEqual([false, false, false]);
    expect(replaced(known, { ...newest, needs: undefined })).toEqual([false, false, false]);
  });

  it('never, if the reaction ignores the later one', () => {
    expect(replaced(ignored, newest)).toEqual([false, false, false]);
  });

  it('unless each one of its type matters, or may matter because its type is unknown', () => {
    expect(replaced(known, { ...newest, needsEach: [ERASED] })).toEqual([true, false, false]);
    expect(replaced(known, { ...newest, erasing: [ERASED] })).toEqual([true, false, false]);
  });

  it('only if it does so for every reaction of the context', () => {
    expect(replaced(known, newest, { ...newest, needsEach: [CHANGED] })).toEqual([false, true, false]);
    expect(replaced(known, newest, {})).toEqual([false, false, false]);
  });
});
