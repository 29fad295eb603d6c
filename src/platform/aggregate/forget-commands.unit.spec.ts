import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { eventually } from '../testing/eventually.js';
import { forgetCommandsRegularly } from './forget-commands.js';

describe('forgetting commands regularly', () => {
  it('asks every store for what is older than 24 hours, at once and again, whatever one of them says, until it is told to stop', async () => {
    const lines: string[] = [];
    const logger = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
    const asked: string[] = [];
    const away = { forgetCommands: () => Promise.reject(new Error('away')) };
    const store = {
      forgetCommands: (before: string) => {
        asked.push(before);
        return Promise.resolve(0);
      },
    };
    const stopping = new AbortController();
    const begin = Date.now();

    const running = forgetCommandsRegularly([away, store], logger, stopping.signal, 1);
    await eventually(() => expect(asked.length).toBeGreaterThan(2));
    stopping.abort();
    await running;

    const ages = asked.map((before) => Date.now() - Date.parse(before) - 24 * 60 * 60 * 1000);
    for (const age of ages) expect([age >= 0, age <= Date.now() - begin]).toEqual([true, true]);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines[0]).toContain('cannot forget old commands yet');
    const { length } = asked;
    await new Promise(setImmediate);
    expect(asked).toHaveLength(length);
  });
});
