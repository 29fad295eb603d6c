import type { Aggregate, Aggregates } from '../aggregate/aggregates.js';
import type { CloudEvent } from '../event/cloud-event.js';
import type { EventStream } from '../event/event-stream.js';
import type { Confirmed, Erasures, Remaining } from '../privacy/attestation.js';
import { erasuresTopicOf } from '../privacy/topics.js';
import { unavailable } from '../tools/errors.js';
import type { HistoryReader } from '../views/history.js';
import type { ProjectionStore } from '../views/projection.js';
import { waitForHistory } from '../views/wait-for-history.js';
import { type Confirmation, confirmationType } from './confirm-erasures.js';
import type { Part } from './reacting.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Days for which backups of the databases are kept, at most: docs/backup-and-restore.md. */
const BACKUPS_DAYS = 30;
/** Days after which the topic of keys has forgotten a destroyed key, at the latest (see log/topics.ts). */
const COMPACTION_DAYS = 2;
const PAGE = 1_000;

/** What is read of a history. */
type RecordedChanges = Pick<HistoryReader, 'page' | 'find' | 'newestVersion'>;

/** What attestations are made from. */
export interface ErasureSources {
  readonly events: EventStream;
  readonly store: Pick<Aggregates<Aggregate>, 'find'>;
  readonly history: RecordedChanges | undefined;
  /** Confirmations, by id of the person and name of the context. */
  readonly confirmations: ProjectionStore<Confirmed>;
  /** Names of the contexts that have to confirm. */
  readonly confirming: readonly string[];
  /** Where the databases keep overwritten values for a while, for people; undefined if they do not. */
  readonly overwritten?: string | undefined;
}

/** Returns the attestations that follow from these sources. */
export function erasuresFrom(sources: ErasureSources): Erasures {
  const { events, store, history, confirmations, confirming, overwritten } = sources;
  return {
    attest: async (id) => {
      const stored = await store.find(id);
      if (!stored?.state.erased) return undefined;
      const { version, updatedAt: erasedAt } = stored.state;
      // An attestation without what the history does not have yet would say that there was nothing.
      if (history) await waitForHistory(history, id, version);
      if (history && (await history.newestVersion(id)) < version) {
        throw unavailable('the erasure is not recorded in the history yet');
      }
      const found = await Promise.all(confirming.map((context) => confirmations.find(confirmationId(id, context))));
      const confirmed = found.flatMap((each) => (each ? [each.state] : []));
      const erasedBy = (await history?.find(id, version))?.actor;
      const { clear, kid: destroyedKey } = await lookBack(history, id, version);
      return {
        ...{ id, version, erasedAt },
        ...(erasedBy !== undefined && { erasedBy }),
        ...(destroyedKey !== undefined && { destroyedKey }),
        confirmations: confirmed,
        awaited: confirming.filter((context) => !confirmed.some((each) => each.context === context)),
        remaining: remainingOf(events, {
          ...{ erasedAt, clear, confirming, overwritten },
          wasSealed: destroyedKey !== undefined,
        }),
      };
    },
  };
}

/** Returns a function that tells whether a context has confirmed the erasure of a person. */
export function hasConfirmed(confirmations: ProjectionStore<Confirmed>) {
  return async (person: string, context: string): Promise<boolean> =>
    (await confirmations.find(confirmationId(person, context))) !== undefined;
}

/** Returns the part of a context that collects confirmations. */
export function confirmationsPart(keysTopic: string, confirmations: ProjectionStore<Confirmed>): Part {
  const type = confirmationType(keysTopic);
  return {
    topic: erasuresTopicOf(keysTopic),
    read: (event) => (event.type === type ? (event as CloudEvent<Confirmation>) : undefined),
    apply: (messages) =>
      confirmations.apply(
        messages.map(({ message }) => {
          const { subject, sequence, time, data } = message as CloudEvent<Confirmation>;
          const { context } = data;
          return { id: confirmationId(subject, context), version: Number(sequence), state: { context, at: time } };
        }),
      ),
  };
}

function confirmationId(person: string, context: string): string {
  return `${person}/${context}`;
}

/** Returns the number of the person's recorded events in clear text, and the key that sealed the others. */
async function lookBack(
  history: RecordedChanges | undefined,
  id: string,
  erased: number,
): Promise<{ readonly clear: number; readonly kid?: string }> {
  let clear = 0;
  let kid: string | undefined;
  if (!history) return { clear };
  for (let after = 0, rows = PAGE; rows === PAGE;) {
    const page = await history.page(id, after, PAGE);
    const before = page.filter(({ version }) => version < erased);
    clear += before.filter(({ sealed }) => !sealed).length;
    // The newest: what was in clear text first may have been sealed with other keys when it was copied.
    kid = before.findLast(({ sealed }) => sealed)?.sealed?.kid ?? kid;
    rows = page.length;
    after = page.at(-1)?.version ?? after;
  }
  return { clear, ...(kid !== undefined && { kid }) };
}

interface Erased extends Pick<ErasureSources, 'overwritten' | 'confirming'> {
  /** RFC 3339 */
  readonly erasedAt: string;
  /** Number of events in clear text. */
  readonly clear: number;
  readonly wasSealed: boolean;
}

function remainingOf(
  { topic, keys }: EventStream,
  { erasedAt, clear, wasSealed, confirming, overwritten }: Erased,
): Remaining[] {
  const after = (days: number) => new Date(Date.parse(erasedAt) + days * DAY_MS).toISOString();
  return [
    ...(clear > 0 ? [{ what: `${clear} events in clear text in ${topic}, from before events were sealed` }] : []),
    ...confirming.map((context) => ({
      what: `events of ${context} about the person in clear text, if it published some before it sealed events`,
    })),
    ...(wasSealed
      ? [
          {
            what: `the destroyed key, encrypted with a master key, in old segments of ${keys}`,
            until: after(COMPACTION_DAYS),
          },
        ]
      : []),
    ...(overwritten === undefined ? [] : [{ what: `personal data and the encrypted key in ${overwritten}` }]),
    { what: 'personal data and the encrypted key in backups of the databases', until: after(BACKUPS_DAYS) },
    { what: 'ids, versions, times, callers and names of changed members in events and histories' },
  ];
}
