import { ownsKeys } from '../event/event-stream.js';
import type { Bus } from '../log/bus.js';
import type { Attestation } from '../privacy/attestation.js';
import { PlatformError } from '../tools/errors.js';
import type { ErasureView } from './api.js';
import { findEvents } from './find-events.js';
import type { ViewedModule } from './timeline.js';

/** Newest records of each partition that are searched for erasures. */
const DEPTH = 100_000;

/** Returns the newest erasures of the persons of these modules, newest first. */
export async function newestErasures(
  bus: Bus,
  modules: readonly ViewedModule[],
  signal: AbortSignal,
): Promise<readonly ErasureView[]> {
  const owners = modules.flatMap(({ views }) => views.aggregates).filter(({ events }) => ownsKeys(events));
  const found = await Promise.all(
    owners.map(async ({ events, attesting }) => {
      const types = (events.erasing ?? []).map((type) => `${events.typePrefix}.${type}`);
      const searches = types.map((type) => findEvents(bus, { topics: [events.topic], type, depth: DEPTH }, signal));
      const erased = (await Promise.all(searches)).flatMap((search) => search.events);
      return Promise.all(
        erased.map(async ({ topic, key = '', time = '', actor }): Promise<ErasureView> => {
          // The history may not have it yet.
          const attestation = await attesting?.attest(key).catch(() => undefined);
          return {
            ...{ topic, id: key, time },
            ...(actor !== undefined && { actor }),
            ...(attestation && { awaited: attestation.awaited }),
          };
        }),
      );
    }),
  );
  return found.flat().sort((one, other) => other.time.localeCompare(one.time));
}

/**
 * Returns the attestation of an erasure.
 * @throws PlatformError `not-found` when there was no erasure, `unavailable` while the history does not have it yet
 */
export async function attestationOf(modules: readonly ViewedModule[], topic: string, id: string): Promise<Attestation> {
  const view = modules.flatMap(({ views }) => views.aggregates).find(({ events }) => events.topic === topic);
  const attestation = await view?.attesting?.attest(id);
  if (attestation) return attestation;
  throw new PlatformError('not-found', 'not-found', `there is no erasure of ${id}`);
}
