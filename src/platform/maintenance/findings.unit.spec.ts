import { describe, expect, it } from '@jest/globals';
import {
  type Finding,
  findingOfConflict,
  findingOfDifference,
  findingOfFault,
  findingOfRefused,
  FindingTally,
} from './findings.js';

const fault = (what: string): Finding => findingOfFault({ where: 'topic/0/1', what });

describe('the findings of a run', () => {
  it('are counted by kind, and the first of each are kept', () => {
    const told: string[] = [];
    const tally = new FindingTally(({ sentence }) => told.push(sentence));
    for (let index = 0; index < 25; index += 1) tally.add(fault(`fault ${index}`));
    const { fault: faults, difference } = tally.all();

    expect(faults.count).toBe(25);
    expect(faults.first.map(({ sentence }) => sentence)).toEqual(told.slice(0, 20));
    expect(told).toHaveLength(25);
    expect(difference).toEqual({ count: 0, first: [] });
  });

  it('have no value of a document or a record', () => {
    const document = { key: 'an-id', content: { version: 2, hash: 'h', state: { name: 'Lovelace' } } };
    const record = {
      ...{ topic: 'topic', partition: 1, offset: 7, key: Buffer.from('an-id') },
      ...{ value: Buffer.from('Lovelace'), headers: { name: 'Lovelace' } },
    };
    const link = { topic: 'topic', id: 'an-id', version: 1, partition: 1, offset: 7, hash: 'g' };
    const findings = [
      findingOfDifference({
        ...{ collection: 'items', key: 'an-id', kind: 'different', fields: ['/state/name'] },
        ...{ expected: document, found: document },
      }),
      findingOfRefused({ record, reason: 'not JSON' }),
      findingOfConflict({
        ...{ topic: 'topic', id: 'an-id', kind: 'fork' },
        ...{ head: { id: 'an-id', version: 2, hash: 'h' }, logged: link },
      }),
    ];

    expect(JSON.stringify(findings)).not.toContain('Lovelace');
    expect(JSON.stringify(findings)).not.toContain(Buffer.from('Lovelace').toString('base64'));
    expect(findings).toEqual([
      {
        ...{ kind: 'difference', collection: 'items', key: 'an-id', difference: 'different', fields: ['/state/name'] },
        sentence: 'items an-id: differs from the log at /state/name',
      },
      {
        ...{ kind: 'unreadable', topic: 'topic', partition: 1, offset: 7, reason: 'not JSON' },
        sentence: 'unreadable: topic/1/7: not JSON',
      },
      {
        ...{ kind: 'conflict', standing: 'fork', topic: 'topic', id: 'an-id', stored: { version: 2, hash: 'h' } },
        logged: { version: 1, hash: 'g', partition: 1, offset: 7 },
        sentence: 'topic an-id: forked: the database has version 2 (h), the log has version 1 (g) at topic/1/7',
      },
    ]);
  });
});
