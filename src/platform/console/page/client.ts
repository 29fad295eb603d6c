import type { Flow } from '../api.js';

/** A response that is no success. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    detail: string,
    /** The name of each invalid parameter, with the reason. */
    readonly errors: readonly { readonly pointer: string; readonly message: string }[] = [],
  ) {
    super([detail, ...errors.map(({ pointer, message }) => `${pointer.slice(1)}: ${message}`)].join('; '));
  }
}

const TOKEN = 'console token';
/** Milliseconds between two attempts to connect. */
const RETRY_MS = 1_000;

/** Stores a token for this tab. An empty one removes it. */
export function setToken(token: string): void {
  if (token === '') sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, token);
}

/** Gets JSON. @throws Problem, or TypeError while the process cannot be reached */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await request(path, { ...(signal && { signal }) })).json()) as T;
}

/** Posts JSON, and returns the response. @throws as {@link get} */
export async function post<T>(path: string, body: object): Promise<T> {
  const headers = { 'Content-Type': 'application/json' };
  return (await (await request(path, { method: 'POST', headers, body: JSON.stringify(body) })).json()) as T;
}

/** Returns a path with parameters; those that are empty are left out. */
export function withQuery(path: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value) query.set(name, value);
  return query.size > 0 ? `${path}?${query}` : path;
}

/**
 * Watches the flow, and connects again when it breaks off.
 * @param onState called with undefined while it is connected, and otherwise with the reason
 */
export function watchFlow(onFlow: (flow: Flow) => void, onState: (trouble: unknown) => void): () => void {
  const stopped = new AbortController();
  const hasStopped = () => stopped.signal.aborted;
  const run = async () => {
    for (;;) {
      try {
        const { body } = await request('flow', { signal: stopped.signal });
        onState(undefined);
        for await (const flow of messagesOf<Flow>(body as ReadableStream<Uint8Array<ArrayBuffer>>)) onFlow(flow);
      } catch (error) {
        if (hasStopped()) return;
        onState(error);
        if (error instanceof Problem && (error.status === 401 || error.status === 403)) return;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      if (hasStopped()) return;
    }
  };
  void run();
  return () => stopped.abort();
}

async function request(path: string, options: RequestInit): Promise<Response> {
  const token = sessionStorage.getItem(TOKEN);
  const headers = new Headers(options.headers);
  if (token !== null) headers.set('Authorization', `Bearer ${token}`);
  const response = await fetch(`api/${path}`, { ...options, headers });
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as { detail?: string; errors?: Problem['errors'] };
  throw new Problem(response.status, problem.detail ?? `status ${response.status}`, problem.errors);
}

/** Server-Sent Events of a response. EventSource cannot send a token. */
async function* messagesOf<Message>(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Message> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() as string;
    for (const block of blocks) {
      const data = block.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
      if (data.length > 0) yield JSON.parse(data.join('\n')) as Message;
    }
  }
}
