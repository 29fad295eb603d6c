import { describe, expect, it } from '@jest/globals';
import { toPrettyLine } from './pretty-lines.js';

const line = (fields: object) => JSON.stringify({ level: 'info', time: '2026-11-28T03:20:47.123Z', ...fields }) + '\n';

describe('a line for people', () => {
  it('has local time, level, message and fields', () => {
    const text = toPrettyLine(line({ topic: 't', records: 2, reason: 'two words', msg: 'hello' }), false);
    expect(text).toMatch(/^\d\d:\d\d:47\.123 INFO {2}hello topic=t records=2 reason="two words"\n$/);
  });

  it('has the stack of an error and its cause below', () => {
    const err = { type: 'TypeError', message: 'no', at: ['    at a:1'], cause: { type: 'Error', message: 'why' } };
    const lines = toPrettyLine(line({ level: 'error', err, msg: 'it failed' }), false).split('\n');
    expect(lines.slice(1)).toEqual(['    TypeError: no', '    at a:1', '    Caused by: Error: why', '']);
    expect(toPrettyLine(line({ error: 'TypeError', stack: ['a.ts:1'] }), false)).toMatch(
      /error=TypeError\n {4}a\.ts:1\n$/,
    );
  });

  it('has colors only where they are shown', () => {
    expect(toPrettyLine(line({ msg: 'hello' }), true)).toContain('\u001b[32mINFO');
    expect(toPrettyLine(line({ msg: 'hello' }), false)).not.toContain('\u001b');
  });

  it('has no control characters of a value', () => {
    const text = toPrettyLine(line({ id: 'a\u001b[2Jb\u009bc\u007f', msg: 'x\ny' }), false);
    expect(text).toMatch(/ x\\u000ay id=a\\u001b\[2Jb\\u009bc\\u007f\n$/);
  });

  it.each(['not JSON\n', '{"a":1}\n', 'null\n'])('is as it was if it is no line of the log: %j', (other) => {
    expect(toPrettyLine(other, true)).toBe(other);
  });
});
