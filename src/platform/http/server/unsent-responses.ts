import type { ServerResponse } from 'node:http';
import { unavailable } from '../../tools/errors.js';

/** A response this small is counted with its request; see load-shedding.ts. */
const SMALL_BYTES = 16 * 1024;
/** Bytes in one write. The next one follows when the client has read most of it. */
const CHUNK_BYTES = 64 * 1024;
/** Time after which a client that reads nothing may lose its response to another request of the same caller. */
const STALLED_MS = 1_000;
/** The same where the caller has more bytes unsent than the one who needs the room. */
const STALLED_WITH_MORE_MS = 250;

interface Unsent {
  readonly response: ServerResponse;
  readonly caller: string;
  readonly bytes: number;
  /** Time of the last progress. */
  since: number;
}

/**
 * Sends responses as fast as their clients read, and bounds the memory of those that are not read. When it is full, a
 * response that its client does not read is broken off, of the caller with most unsent bytes first. So no caller can
 * take the memory of the others.
 */
export class UnsentResponses {
  private readonly unsent = new Set<Unsent>();

  /** @param maxBytes of all unsent responses of more than 16 KiB */
  constructor(private readonly maxBytes: number) {}

  /**
   * Sends a body, whose headers are set.
   * @param caller the subject of the caller, or its address
   * @throws PlatformError `unavailable` when too much is unsent, before anything is sent
   */
  send(response: ServerResponse, caller: string, text: string): void {
    const bytes = Buffer.byteLength(text);
    if (bytes <= SMALL_BYTES) {
      // One write with the headers.
      response.setHeader('Content-Length', bytes).end(text);
      return;
    }
    this.makeRoom(caller, bytes);
    response.setHeader('Content-Length', bytes);
    const entry: Unsent = { response, caller, bytes, since: performance.now() };
    this.unsent.add(entry);
    response.once('close', () => this.unsent.delete(entry));
    write(entry, Buffer.from(text));
  }

  private makeRoom(caller: string, bytes: number): void {
    for (;;) {
      const held = new Map<string, number>();
      for (const each of this.unsent) held.set(each.caller, (held.get(each.caller) ?? 0) + each.bytes);
      const all = [...held.values()].reduce((sum, each) => sum + each, 0);
      if (all + bytes <= this.maxBytes) return;
      const [largest, most] = [...held].reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0]);
      const patience = most > (held.get(caller) ?? 0) + bytes ? STALLED_WITH_MORE_MS : STALLED_MS;
      const longest = [...this.unsent].filter((each) => each.caller === largest).sort((a, b) => a.since - b.since)[0];
      if (!longest || performance.now() - longest.since < patience) {
        throw unavailable('too many responses wait for their clients to read them');
      }
      this.unsent.delete(longest);
      longest.response.destroy();
    }
  }
}

/** Writes until the buffers are full, and goes on when the client has read what is in them. */
function write(entry: Unsent, body: Buffer, from = 0): void {
  const { response } = entry;
  for (let at = from; at < body.length; at += CHUNK_BYTES) {
    entry.since = performance.now();
    const end = at + CHUNK_BYTES;
    if (!response.write(body.subarray(at, end)) && end < body.length) {
      response.once('drain', () => write(entry, body, end));
      return;
    }
  }
  response.end();
}
