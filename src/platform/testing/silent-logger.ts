import { pino } from 'pino';

/** Logs nothing by default. Set `TEST_LOG=warn` to see messages. */
export const silentLogger = pino({ level: process.env.TEST_LOG ?? 'silent' });
