/** Returns a number with thousands separators, or a dash. */
export function count(value: number | undefined): string {
  return value === undefined ? '–' : Math.round(value).toLocaleString('en');
}

/** Returns a rate: whole from 10 on. */
export function rate(value: number | undefined): string {
  if (value === undefined) return '–';
  return value >= 10 || value === 0 ? count(value) : value.toFixed(1);
}

/** Returns seconds in a readable unit. */
export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return '–';
  if (seconds < 1) return `${Math.round(seconds * 1_000)} ms`;
  if (seconds < 120) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** Returns a number of bytes in a readable unit. */
export function bytes(value: number): string {
  if (value < 10_000) return `${count(value)} B`;
  return value < 10_000_000 ? `${Math.round(value / 1_000)} kB` : `${Math.round(value / 1_000_000)} MB`;
}

/** Returns a time (RFC 3339) in the viewer's zone, to the millisecond. */
export function time(rfc3339: string): string {
  const date = new Date(rfc3339);
  if (Number.isNaN(date.getTime())) return rfc3339;
  const day = date.toLocaleDateString('en-CA');
  const clock = date.toLocaleTimeString('en-GB');
  return `${day} ${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
