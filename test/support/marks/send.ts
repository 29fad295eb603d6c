import { request } from 'node:http';
import { connect } from 'node:net';
import { readAnswer } from '../http.js';
import type { Place } from '../traces.js';
import type { MarkedRequest } from './marked-requests.js';
import { findMarkedCards, findMarks } from './marks.js';

/** Time after which a connection that says nothing more is closed. */
const QUIET_MS = 500;

/** The status of an answer, and the marks that it has and must not have. */
export interface Sent {
  readonly status: number;
  readonly found: readonly string[];
}

/** Sends a request, and searches its answer. */
export async function send(url: string, { method, path, headers, body }: MarkedRequest): Promise<Sent> {
  const { hostname, port } = new URL(url);
  const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
  const client = request({ hostname, port, method, path, headers: { ...headers, ...length }, agent: false });
  const answer = readAnswer(client);
  client.end(body);
  const { status, text, headers: received } = await answer;
  const fields = JSON.stringify([...received]);
  const name = `the answer ${status} to ${method} ${path}`;
  const found = findMarkedCards([[name, text + fields]]);
  return { status, found: status < 400 ? found : [...found, ...findMarks([[name, withoutNames(text) + fields]])] };
}

/** A problem may have the path of the request, and the names of its fields: but no card number, even there. */
function withoutNames(text: string): string {
  const {
    instance: _path,
    errors = [],
    ...others
  } = JSON.parse(text === '' ? '{}' : text) as {
    instance?: string;
    errors?: { pointer: string; message: string }[];
  };
  return JSON.stringify({ ...others, messages: errors.map(({ message }) => message) });
}

/** Sends bytes, and returns all that comes back until the connection is closed or quiet. */
export function sendBytes(url: string, bytes: string): Promise<Place> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const end = () => {
      socket.destroy();
      resolve([`the answer to ${bytes.slice(0, 60)}`, received.replaceAll(/"instance":"[^"]*"/g, '')]);
    };
    socket.setTimeout(QUIET_MS, end).setEncoding('latin1');
    socket.on('data', (text: string) => (received += text));
    socket.on('error', end).on('close', end);
    socket.write(bytes, 'latin1');
  });
}

/** Runs work on items, some at a time. */
export async function inTurn<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
  atOnce = 16,
): Promise<Result[]> {
  const results: Result[] = [];
  const rest = [...items.entries()];
  const worker = async () => {
    for (let next = rest.shift(); next; next = rest.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
