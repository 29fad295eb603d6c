import type { Request, Response } from 'express';

/** Bytes that a slow viewer may have unread; further messages are dropped for it. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/** Milliseconds after which a stream ends, so that the viewer's token is verified again. */
const MAX_AGE_MS = 10 * 60 * 1_000;

/**
 * Sends messages as Server-Sent Events until the viewer leaves, the stream is too old, or `signal` is aborted.
 * @param subscribe starts the messages, and returns what ends them
 */
export function sendEvents(
  request: Request,
  response: Response,
  signal: AbortSignal,
  subscribe: (send: (message: object) => void) => () => void,
): void {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    // Proxies that buffer would show the past.
    'X-Accel-Buffering': 'no',
  });
  response.write('retry: 1000\n\n');
  const unsubscribe = subscribe((message) => {
    if (response.writableLength < MAX_UNREAD_BYTES) response.write(`data: ${JSON.stringify(message)}\n\n`);
  });
  const end = () => response.end();
  const timer = setTimeout(end, MAX_AGE_MS).unref();
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  request.once('close', () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    unsubscribe();
  });
}
