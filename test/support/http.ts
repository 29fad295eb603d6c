import { type ClientRequest, request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what a test expects of it, it says itself
  readonly body: any;
}

export interface Sent {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** @throws when there is no answer, or not all of it. */
export async function call(method: string, url: string, { body, headers }: Sent = {}): Promise<Answer> {
  const mediaType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  const response = await fetch(url, {
    method,
    headers: { ...(body !== undefined && { 'content-type': mediaType }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  });
  return toAnswer(response.status, response.headers, await response.text());
}

export const get = (url: string, headers?: Readonly<Record<string, string>>) =>
  call('GET', url, headers ? { headers } : {});
export const post = (url: string, body?: unknown, headers?: Readonly<Record<string, string>>) =>
  call('POST', url, { body, ...(headers && { headers }) });
export const patch = (url: string, body: unknown) => call('PATCH', url, { body });

export interface OpenRequest {
  /** Fulfilled when the server has the head of the request in its hands. */
  readonly arrived: Promise<void>;
  readonly answer: Promise<Answer>;
  /** Sends the rest of the body. */
  end(rest?: string): void;
}

/** A request that stays open until it is ended. */
export function openRequest(method: string, url: string, headers: Readonly<Record<string, string>> = {}): OpenRequest {
  // The server says '100 Continue' when it begins to handle the request.
  const client = request(url, { method, headers: { ...headers, expect: '100-continue' }, agent: false });
  const arrived = new Promise<void>((resolve, reject) => client.once('continue', resolve).once('error', reject));
  const answer = readAnswer(client);
  arrived.catch(() => undefined);
  answer.catch(() => undefined);
  client.flushHeaders();
  return { arrived, answer, end: (rest) => client.end(rest) };
}

/** What a request is answered. Rejects when there is no answer, or not all of it. */
export function readAnswer(client: ClientRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    client.once('error', reject).once('response', (response) => {
      const chunks: Buffer[] = [];
      response
        .on('data', (chunk: Buffer) => chunks.push(chunk))
        .once('error', reject)
        .once('end', () => {
          const entries = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
          const text = Buffer.concat(chunks).toString('utf8');
          resolve(toAnswer(response.statusCode ?? 0, new Headers(Object.fromEntries(entries)), text));
        });
    });
  });
}

function toAnswer(status: number, headers: Headers, text: string): Answer {
  const isJson = /json/.test(headers.get('content-type') ?? '');
  return { status, headers, text, body: isJson && text !== '' ? JSON.parse(text) : undefined };
}
