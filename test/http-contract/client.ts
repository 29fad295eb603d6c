import { expect } from '@jest/globals';

/** What came back: `body` is the JSON of it, undefined where there is none. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the tests are what says what it looks like
  readonly body: any;
}

export type Body = string | Uint8Array | Blob | ReadableStream;
export type RequestHeaders = Readonly<Record<string, string>>;

/** Valid card numbers; none of them may ever come back, in whatever answer. */
export const CARD_NUMBERS = {
  visa: '4111111111111111',
  mastercard: '5555555555554444',
  amex: '378282246310005',
  /** Fails the Luhn check. */
  broken: '4111111111111112',
} as const;

/** A client that holds every single answer to what is true everywhere. */
export class Client {
  constructor(readonly url: string) {}

  get(path: string, headers: RequestHeaders = {}): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  post(path: string, body?: unknown, headers: RequestHeaders = {}): Promise<Answer> {
    return this.sendJson('POST', path, body, headers);
  }

  put(path: string, body: unknown, headers: RequestHeaders = {}): Promise<Answer> {
    return this.sendJson('PUT', path, body, headers);
  }

  patch(path: string, body: unknown, headers: RequestHeaders = {}): Promise<Answer> {
    return this.sendJson('PATCH', path, body, { 'Content-Type': 'application/merge-patch+json', ...headers });
  }

  delete(path: string, headers: RequestHeaders = {}): Promise<Answer> {
    return this.send('DELETE', path, undefined, headers);
  }

  /** Sends a body as it is. */
  async send(method: string, path: string, body?: Body, headers: RequestHeaders = {}): Promise<Answer> {
    const streamed = body instanceof ReadableStream ? { duplex: 'half' as const } : {};
    const response = await fetch(this.url + path, {
      method,
      headers,
      ...(body !== undefined && { body }),
      ...streamed,
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
    const { status, headers: answered } = response;
    const answer = { status, headers: answered, text, body: isJson ? JSON.parse(text) : undefined };
    holdsEverywhere(`${method} ${path}`, path, answer);
    return answer;
  }

  private sendJson(method: string, path: string, body: unknown, headers: RequestHeaders): Promise<Answer> {
    if (body === undefined) return this.send(method, path, undefined, headers);
    return this.send(method, path, JSON.stringify(body), { 'Content-Type': 'application/json', ...headers });
  }
}

/** Text that has the number of a card in it, however it is grouped. */
export function leaksCard(text: string): boolean {
  const digits = text.replaceAll(/[ -]/g, '');
  return Object.values(CARD_NUMBERS).some((number) => digits.includes(number));
}

function holdsEverywhere(request: string, path: string, { status, headers, text, body }: Answer): void {
  const all = `${JSON.stringify([...headers])}\n${text}`;
  expect([request, status, leaksCard(all)]).toEqual([request, status, false]);
  expect([request, status, /\bat .+:\d+:\d+|node_modules|\.[jt]s:\d+/.exec(all)]).toEqual([request, status, null]);
  expect([request, status === 500 ? body : status]).toEqual([request, status]);
  expect(headers.get('x-powered-by')).toBeNull();
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(headers.get('strict-transport-security')).not.toBeNull();
  expect(headers.get('x-request-id')).toMatch(/^[\w.:/+=@-]{1,128}$/);
  expect(headers.get('traceparent')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
  if (status < 400 || text === '') return;
  expect([request, headers.get('content-type')]).toEqual([request, 'application/problem+json']);
  expect(body).toEqual({
    type: expect.stringMatching(/^urn:problem:[a-z-]+$/),
    title: expect.stringMatching(/^[A-Z][\w ]+$/),
    status,
    ...('detail' in body && { detail: expect.any(String) }),
    instance: path.split('?')[0],
    ...('errors' in body && { errors: expect.any(Array) }),
  });
  for (const error of body.errors ?? []) {
    expect(error).toEqual({ pointer: expect.stringMatching(/^(\/.*)?$/), message: expect.any(String) });
  }
  if (status === 503) expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  if (status === 405) expect(headers.get('allow')).not.toBeNull();
}

/** A refusal, by its status and the code that its `type` ends in. */
export function expectProblem(answer: Answer, status: number, code: string): void {
  const { status: is, body } = answer;
  expect({ status: is, type: body?.type }).toEqual({ status, type: `urn:problem:${code}` });
}

/** A 422 that names exactly these fields, in whatever order. */
export function expectOffences(answer: Answer, pointers: readonly string[]): void {
  const named = new Set(((answer.body?.errors ?? []) as { pointer: string }[]).map(({ pointer }) => pointer));
  expect({ status: answer.status, errors: [...named].sort() }).toEqual({ status: 422, errors: [...pointers].sort() });
}
