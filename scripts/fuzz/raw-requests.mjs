/** @typedef {(limit: number) => number} Random returns an integer from 0 up to the limit */

/** A small generator with a seed (mulberry32). @param {number} seed @returns {Random} */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** What a valid request may have, and what is odd. Most requests have one or two odd parts, so that parsing goes far. */
const METHODS = {
  good: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'],
  odd: ['OPTIONS', 'CONNECT', 'get', 'G\0T', 'PRI', ''],
};
const TARGETS = {
  good: [
    '/orders',
    '/orders/',
    '/accounts/customers',
    '/orders/x/ship',
    '/orders/customers/x?minVersion=1',
    '/docs/',
    '/',
  ],
  odd: [
    ...[
      '*',
      '//',
      '/../..',
      '/%00',
      '/%ff',
      '/orders?limit=1e9',
      'http://evil/orders',
      'evil:443',
      '/orders#x',
      '/\u00e4',
    ],
    ...[
      `/${'x'.repeat(9_000)}`,
      '/orders?cursor=AAAA',
      '/orders?sort=-createdAt,createdAt',
      '/accounts/customers/__proto__',
    ],
  ],
};
const VERSIONS = { good: ['HTTP/1.1'], odd: ['HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.9', 'http/1.1', ''] };
const HEADERS = {
  good: [
    ...[
      'Connection: close',
      'Connection: keep-alive',
      'Prefer: wait=1',
      'Idempotency-Key: k',
      'If-Match: "1"',
      'Cookie: a=b',
    ],
    ...[
      'Content-Type: application/json',
      'Content-Type: application/merge-patch+json',
      'Accept: */*',
      'Expect: 100-continue',
    ],
  ],
  odd: [
    ...[
      'Host: b',
      'Host:',
      'Connection: x, upgrade',
      'Content-Type: text/plain',
      'Content-Length: 200000',
      'Content-Length: -1',
    ],
    ...[
      'Content-Length: 2, 2',
      'Content-Length: 0x2',
      'Content-Length: 99999999999999999999',
      'Transfer-Encoding: chunked',
    ],
    ...[
      'Transfer-Encoding: chunked, identity',
      'Transfer-Encoding: gzip, chunked',
      'Transfer-Encoding : chunked',
      'Expect: x',
    ],
    ...[
      'Transfer-Encoding:\tchunked',
      'Upgrade: h2c',
      'Content-Encoding: gzip',
      'X: a\r\n b',
      'X: \x01',
      'Bad Header: 1',
      ': empty',
    ],
    ...['X', `X: ${'y'.repeat(17_000)}`, 'traceparent: 00-0-0-00', 'X-Request-Id: 4111111111111111', 'Origin: null'],
  ],
};
const BODIES = {
  good: ['{}', '{"customerId":"x","items":[]}', '{"reason":"late"}', '[]'],
  odd: [
    ...[
      '{"a":',
      'null',
      '"\\ud800"',
      '5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n',
      '0\r\n\r\n',
      'ffffffffffffffff\r\n',
      '-1\r\n',
      '{"__proto__":{}}',
    ],
    ...[
      '2;x=y\r\n{}\r\n0\r\n\r\n',
      '2\n{}\n0\n\n',
      'z\r\n',
      '\x1f\x8b\x08\0',
      '0\r\nX: y\r\n\r\n',
      `{"a":"${'x'.repeat(1_000)}"}`,
      '{}{}',
    ],
  ],
};
const ENDS = { good: ['\r\n'], odd: ['\n', '\r', '\r\r\n', ''] };

/** One to three requests on a connection; some are cut short or have other bytes in them. @param {Random} random */
export function requestFrom(random) {
  /** @param {{ good: readonly string[], odd: readonly string[] }} parts */
  const one = ({ good, odd }) => {
    const list = random(10) === 0 ? odd : good;
    return String(list[random(list.length)]);
  };
  const request = () => {
    const end = one(ENDS);
    const body = random(2) === 0 ? '' : one(BODIES);
    const lines = [`${one(METHODS)} ${one(TARGETS)} ${one(VERSIONS)}`, 'Host: 127.0.0.1'];
    if (body !== '' && random(8) > 0)
      lines.push(`Content-Length: ${Buffer.byteLength(body, 'latin1') + (random(20) === 0 ? 3 : 0)}`);
    for (let header = random(5); header > 0; header -= 1) lines.push(one(HEADERS));
    return `${lines.join(end)}${end}${one(ENDS)}${body}`;
  };
  const bytes = Buffer.from(Array.from({ length: 1 + random(3) }, request).join(''), 'latin1');
  for (let changes = random(8) === 0 ? 1 + random(4) : 0; changes > 0 && bytes.length > 0; changes -= 1) {
    bytes[random(bytes.length)] = random(256);
  }
  return random(10) === 0 ? bytes.subarray(0, random(bytes.length + 1)) : bytes;
}
