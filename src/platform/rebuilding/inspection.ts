import { setTimeout as sleep } from 'node:timers/promises';

/** Days that a rebuild for inspection is kept: it holds personal data. */
export const KEPT_FOR_DAYS = 7;

const DAY_MS = 24 * 60 * 60 * 1000;
const CLEANUP_INTERVAL_MS = 60 * 60 * 1000;
const NAME = /\.until-\d{8}T\d+Z(?:\.made-(\d{4})(\d\d)(\d\d))?$/;

/** What can hold rebuilds for inspection beside what is live. */
export interface Inspectable {
  /** Drops those that were made before a time (in milliseconds since 1970), or all. */
  dropInspections(madeBefore?: number): Promise<void>;
}

/**
 * What goes behind a name for a rebuild as of a time.
 * @param until RFC 3339
 */
export function inspectionSuffix(until: string, now = new Date()): string {
  // Of the day alone: what several contexts are rebuilt to is to be in one place.
  const made = now.toISOString().slice(0, 'yyyy-mm-dd'.length).replaceAll('-', '');
  return `until-${until.replaceAll(/[-:.]/g, '')}.made-${made}`;
}

/** The day on which the rebuild of this name was made, in milliseconds since 1970; undefined where the name is not one's. */
export function madeAt(name: string): number | undefined {
  const found = NAME.exec(name);
  if (!found) return undefined;
  const [, year, month, day] = found;
  // From before their names told.
  return year === undefined ? 0 : Date.parse(`${year}-${month}-${day}`);
}

/** Drops what has been kept for long enough. */
export function dropExpired(database: Inspectable, now = Date.now()): Promise<void> {
  return database.dropInspections(now - KEPT_FOR_DAYS * DAY_MS);
}

/** Drops what has expired, and goes on to do so until the process stops. */
export async function keepDroppingExpired(database: Inspectable, stopping: AbortSignal): Promise<void> {
  await dropExpired(database);
  void dropRegularly(database, stopping);
}

async function dropRegularly(database: Inspectable, stopping: AbortSignal): Promise<void> {
  const pause = () => sleep(CLEANUP_INTERVAL_MS, true, { signal: stopping, ref: false }).catch(() => false);
  // A database that is away is there again the next time.
  while (await pause()) await dropExpired(database).catch(() => undefined);
}
