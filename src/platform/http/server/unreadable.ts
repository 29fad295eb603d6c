import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type CodedProblem, PROBLEM_JSON, toProblem } from '../resources/problem.js';

/**
 * Responds with a problem when the parser fails, and closes the connection: the parser cannot find the beginning of the
 * next request on it.
 */
export function refuseUnreadable(error: Error & { code?: string }, socket: Duplex): void {
  // Like Node's own handler: do not write into a response that has begun.
  const { _httpMessage: current } = socket as { _httpMessage?: ServerResponse };
  if (socket.writable && !current?.headersSent) socket.write(toText(PROBLEMS[error.code ?? ''] ?? MALFORMED));
  socket.destroy(error);
}

const PROBLEMS: Readonly<Record<string, CodedProblem>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'request-timeout', status: 408, detail: 'the request took too long to arrive' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { code: 'body-too-large', status: 413, detail: 'the chunk extensions are too large' },
  HPE_HEADER_OVERFLOW: { code: 'headers-too-large', status: 431, detail: 'the headers are too large' },
};
const MALFORMED: CodedProblem = { code: 'malformed-request', status: 400, detail: 'the request is not valid HTTP' };

function toText(problem: CodedProblem): string {
  const body = JSON.stringify(toProblem(problem));
  const lines = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    `Date: ${new Date().toUTCString()}`,
    `Content-Type: ${PROBLEM_JSON}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
