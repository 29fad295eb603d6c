import type { CloudEvent } from '../event/cloud-event.js';
import { dataschemaOf } from '../event/cloud-event.js';
import type { EventStream } from '../event/event-stream.js';
import { UnreadableRecord } from '../event/parse-cloud-event.js';
import type { OpenEvents } from '../privacy/open-events.js';
import type { BoundedItems } from './listing.js';
import type { HistoryEntry, HistoryReader, ListedChange } from './history.js';
import { ownEventsOf } from './read-own-events.js';

type Closed<State> = HistoryEntry<State> & { readonly schemaVersion: number };

/**
 * A history whose states are opened when they are read: personal parts are stored as they were published. The state of
 * an erased person is without that part, or undefined if it does not fit the schema then.
 */
export class OpenedHistory<State> implements HistoryReader<State> {
  /** @param open undefined: nothing can be opened */
  constructor(
    private readonly sealed: HistoryReader<State>,
    private readonly stream: EventStream,
    private readonly open: OpenEvents | undefined,
  ) {}

  async page(id: string, after: number, limit: number): Promise<readonly HistoryEntry<State>[]> {
    return this.opened(await this.sealed.page(id, after, limit));
  }

  list(id: string, after: number, limit: number): Promise<BoundedItems<ListedChange>> {
    return this.sealed.list(id, after, limit);
  }

  async find(id: string, version: number): Promise<HistoryEntry<State> | undefined> {
    return this.openedOrNone(await this.sealed.find(id, version));
  }

  async findAt(id: string, time: string): Promise<HistoryEntry<State> | undefined> {
    return this.openedOrNone(await this.sealed.findAt(id, time));
  }

  newestVersion(id: string): Promise<number> {
    return this.sealed.newestVersion(id);
  }

  private async openedOrNone(entry: HistoryEntry<State> | undefined): Promise<HistoryEntry<State> | undefined> {
    return entry && (await this.opened([entry]))[0];
  }

  /** @throws UnreadableRecord when a part was altered, PlatformError `unavailable` while the key of a person is missing */
  private async opened(entries: readonly HistoryEntry<State>[]): Promise<readonly HistoryEntry<State>[]> {
    const closed = entries.filter(
      (entry): entry is Closed<State> => entry.schemaVersion !== undefined && entry.state !== undefined,
    );
    if (closed.length === 0) return entries;
    const events = closed.map((entry) => this.eventOf(entry));
    const opened = (await this.open?.(events)) ?? [];
    const states = new Map<HistoryEntry<State>, State | undefined>(
      closed.map((entry, index) => [entry, this.stateOf(opened[index])]),
    );
    return entries.map((entry) => {
      if (!states.has(entry)) return entry;
      const { state: _, ...chain } = entry;
      const state = states.get(entry);
      return state === undefined ? chain : { ...chain, state };
    });
  }

  private stateOf(opened: CloudEvent | UnreadableRecord | undefined): State | undefined {
    if (opened === undefined) throw new UnreadableRecord('there is no key for a sealed part of the history');
    if (opened instanceof UnreadableRecord) throw opened;
    return ownEventsOf<State>(this.stream).state(opened)?.state;
  }

  /** As much of the event as it takes to open it. */
  private eventOf(entry: Closed<State>): CloudEvent {
    const { id, version, type, eventId, time, changed, sealed, schemaVersion, state } = entry;
    const { source, member } = this.stream;
    return {
      ...{ specversion: '1.0', id: eventId, source, type, subject: id, time, datacontenttype: 'application/json' },
      dataschema: dataschemaOf(type, schemaVersion),
      sequence: String(version),
      data: { [member]: state, changed, sealed },
    };
  }
}
