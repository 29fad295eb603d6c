const NONE: Readonly<Record<string, string>> = {};
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Returns the labels of an exemplar: the id of the trace, if there is one. @param traceparent W3C Trace Context */
export function exemplarOf(traceparent: string | undefined): Readonly<Record<string, string>> {
  if (traceparent === undefined || !TRACEPARENT.test(traceparent)) return NONE;
  return { trace_id: traceparent.slice(3, 35) };
}
