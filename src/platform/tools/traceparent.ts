import { randomBytes } from './random.js';

/** A parsed W3C `traceparent`. */
export interface Traceparent {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits: the span that the work belongs to. */
  readonly spanId: string;
  /** Bits: {@link SAMPLED}, {@link RANDOM}. */
  readonly flags: number;
}

/** The trace is recorded. */
export const SAMPLED = 1;
/** The trace id is random (level 2). */
export const RANDOM = 2;

const FORM = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-0([0-3])$/;

/** Returns undefined for anything but version 00 with the flags that are defined. */
export function parseTraceparent(text: string): Traceparent | undefined {
  const [, traceId, spanId, flags] = FORM.exec(text) ?? [];
  return traceId === undefined || spanId === undefined ? undefined : { traceId, spanId, flags: Number(flags) };
}

/** Like {@link parseTraceparent}, but returns undefined if the trace is not recorded. */
export function parseSampled(text: string): Traceparent | undefined {
  const parsed = parseTraceparent(text);
  return parsed && (parsed.flags & SAMPLED) !== 0 ? parsed : undefined;
}

export function formatTraceparent({ traceId, spanId, flags }: Traceparent): string {
  return `00-${traceId}-${spanId}-0${flags}`;
}

/** Returns a traceparent with a new span id, in the trace of `parent` or in a new one. */
export function nextTraceparent(parent?: Traceparent): string {
  const { traceId, flags } = parent ?? { traceId: newTraceId(), flags: SAMPLED };
  return formatTraceparent({ traceId, spanId: newSpanId(), flags });
}

export function newTraceId(): string {
  return randomBytes(16).toString('hex');
}

export function newSpanId(): string {
  return randomBytes(8).toString('hex');
}
