import type { Context } from '../context/define-context.js';
import { dataschemaOf } from '../event/cloud-event.js';
import { majorVersionOf, tryParse } from '../event/parse-cloud-event.js';
import type { Bus } from '../log/bus.js';
import { readToEnd } from '../log/read-to-end.js';
import type { Contracts, ContractView } from './api.js';

/** Newest records of each partition that are looked at. */
const DEPTH = 2_000;

interface Seen {
  count: number;
  newest: string;
}

/** Returns the types and versions of events that the newest records have, and those that the code knows. */
export async function contractsOf(bus: Bus, contexts: readonly Context[]): Promise<Contracts> {
  const streams = contexts.flatMap(({ events }) => events.publishes);
  const seen = new Map<string, Seen>();
  let unreadable = 0;
  await readToEnd(
    bus,
    streams.map(({ topic }) => topic),
    (records) => {
      for (const record of records) {
        const event = tryParse(record);
        if (!event) {
          unreadable += 1;
          continue;
        }
        const known = seen.get(event.dataschema) ?? { count: 0, newest: '' };
        known.count += 1;
        if (event.time > known.newest) known.newest = event.time;
        seen.set(event.dataschema, known);
      }
      return Promise.resolve();
    },
    { newest: DEPTH },
  );
  const items = streams.flatMap((stream): ContractView[] => {
    const { topic, typePrefix, schemaVersions, upcasters = {} } = stream;
    return Object.entries(schemaVersions).flatMap(([name, current]) => {
      const type = `${typePrefix}.${name}`;
      const others = [...seen.keys()].flatMap((schema) => versionIn(type, schema) ?? []);
      const versions = new Set([...Array.from({ length: current }, (_, index) => index + 1), ...others]);
      return [...versions].sort().map((version) => {
        const dataschema = dataschemaOf(type, version);
        const found = seen.get(dataschema);
        return {
          ...{ topic, type, version, isCurrent: version === current },
          hasUpcaster: dataschema in upcasters,
          seen: found?.count ?? 0,
          ...(found && { newest: found.newest }),
          neededBy: contexts.flatMap(({ name: context, events }) =>
            events.reads.some(({ needs }) => needs && dataschema in needs) ? [context] : [],
          ),
        };
      });
    });
  });
  return { items, depth: DEPTH, unreadable };
}

function versionIn(type: string, dataschema: string): number | undefined {
  try {
    return majorVersionOf({ type, dataschema });
  } catch {
    return undefined;
  }
}
