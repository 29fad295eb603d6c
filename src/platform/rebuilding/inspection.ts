import { setTimeout as sleep } from 'node:timers/promises';

/** Days to keep a rebuild for inspection. It expires because it contains personal data. */
export const KEPT_FOR_DAYS = 7;

const DAY_MS = 24 * 60 * 60 * 1000;
const CLEANUP_INTERVAL_MS = 60 * 60 * 1000;
const NAME = /\.until-\d{8}T\d+Z(?:\.made-(\d{4})(\d\d)(\d\d))?$/;

/** A database that may hold rebuilds for inspection beside its live collections. */
export interface Inspectable {
  /** Drops the rebuilds made before a time (milliseconds since the epoch), or all of them. */
  dropInspections(madeBefore?: number): Promise<void>;
}

/**
 * The name suffix of a rebuild up to a point in time.
 * @param until RFC 3339
 */
export function inspectionSuffix(until: string, now = new Date()): string {
  // Only the day, so that rebuilds of several contexts share one place.
  const made = now.toISOString().slice(0, 'yyyy-mm-dd'.length).replaceAll('-', '');
  return `until-${until.replaceAll(/[-:.]/g, '')}.made-${made}`;
}

/** The creation day in the name of a rebuild (milliseconds since the epoch); undefined for any other name. */
export function madeAt(name: string): number | undefined {
  const found = NAME.exec(name);
  if (!found) return undefined;
  const [, year, month, day] = found;
  // Names from earlier versions have no creation day.
  return year === undefined ? 0 : Date.parse(`${year}-${month}-${day}`);
}

/** Drops the expired rebuilds. */
export function dropExpired(database: Inspectable, now = Date.now()): Promise<void> {
  return database.dropInspections(now - KEPT_FOR_DAYS * DAY_MS);
}

/** Drops the expired rebuilds now, and then regularly until the process stops. */
export async function keepDroppingExpired(database: Inspectable, stopping: AbortSignal): Promise<void> {
  await dropExpired(database);
  void dropRegularly(database, stopping);
}

async function dropRegularly(database: Inspectable, stopping: AbortSignal): Promise<void> {
  const pause = () => sleep(CLEANUP_INTERVAL_MS, true, { signal: stopping, ref: false }).catch(() => false);
  // If the database is unavailable, the next round drops them.
  while (await pause()) await dropExpired(database).catch(() => undefined);
}
