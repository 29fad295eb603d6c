import { pino } from 'pino';

/** Says nothing, unless a developer asks for it: `TEST_LOG=warn`. */
export const silentLogger = pino({ level: process.env.TEST_LOG ?? 'silent' });
