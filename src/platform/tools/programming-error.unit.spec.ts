import { describe, expect, it } from '@jest/globals';
import { PlatformError, unavailable } from './errors.js';
import { classOf, framesOf, isProgrammingError, loggable, reasonFor } from './programming-error.js';

const SECRET = 'ada@example.com';
const withName = (name: string) => Object.assign(new Error('no'), { name });
const withCode = (code: string) => Object.assign(new Error('no'), { code });

class WrongStatus extends Error {
  readonly kind = 'conflict';
  readonly code = 'wrong-status';
}

describe('a programming error', () => {
  it.each([
    ['a TypeError', new TypeError('x is undefined')],
    ['a RangeError', new RangeError('invalid array length')],
    ['a plain error', new Error('this cannot be')],
    ['an error of a domain', new WrongStatus()],
    ['an error of the platform that says that something is not there', new PlatformError('not-found', 'none', 'none')],
    ["Node.js' own for a bad argument", withCode('ERR_INVALID_ARG_TYPE')],
    ['a failed assertion', withCode('ERR_ASSERTION')],
    ['something else that was thrown', 'a string'],
  ])('is %s', (_what, error) => {
    expect(isProgrammingError(error)).toBe(true);
  });

  it.each([
    ['a dependency that is away', unavailable('away')],
    ['an answer of MongoDB that nobody foresaw', Object.assign(withName('MongoServerError'), { code: 424_242 })],
    ['what was refused of a bulk write', withName('MongoRefusal')],
    ['an error of the Kafka client', withName('KafkaJSProtocolError')],
    ['a connection that was refused', withCode('ECONNREFUSED')],
    ['a full disk', withCode('ENOSPC')],
    ['a certificate that has expired', withCode('CERT_HAS_EXPIRED')],
    ['a closed socket', withCode('ERR_STREAM_DESTROYED')],
    ['the embedded store that is closed', withCode('LEVEL_DATABASE_NOT_OPEN')],
    ['work that was broken off', withName('AbortError')],
    ['an error that one of these caused', new Error('no', { cause: withCode('ECONNRESET') })],
  ])('is not %s', (_what, error) => {
    expect(isProgrammingError(error)).toBe(false);
  });

  it('is described by its class and its places, without its message', () => {
    const error = new TypeError(`cannot ship to ${SECRET}\n    at ${SECRET} (/home/${SECRET}:1:1)`);
    expect(framesOf(error)[0]).toMatch(/^src\/platform\/tools\/programming-error\.unit\.spec\.ts:\d+$/);
    expect(reasonFor(error)).toMatch(
      /^programming error: TypeError at src\/platform\/tools\/programming-error\.unit\.spec\.ts:\d+$/,
    );
    expect(JSON.stringify([framesOf(error), reasonFor(error), classOf(error), loggable(error)])).not.toContain(SECRET);
    expect(classOf(new WrongStatus())).toBe('WrongStatus (wrong-status)');
  });

  it('is described even where it has no stack', () => {
    expect(reasonFor('thrown')).toBe('programming error: string');
    expect(reasonFor(Object.assign(new Error(SECRET), { stack: undefined }))).toBe('programming error: Error');
  });
});
