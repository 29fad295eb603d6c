import type { CloudEvent } from '../event/cloud-event.js';
import { dataschemaOf } from '../event/cloud-event.js';
import type { EventStream } from '../event/event-stream.js';
import { UnreadableRecord } from '../event/parse-cloud-event.js';
import type { OpenEvents } from '../privacy/open-events.js';
import type { BoundedItems } from './listing.js';
import type { ForkedVersion, History, HistoryEntry, ListedChange } from './history.js';
import { ownEventsOf } from './read-own-events.js';

/**
 * A history whose states are opened when they are read: personal parts are stored as they were published. The state of
 * an erased person is undefined.
 */
export class OpenedHistory<State> implements History<State> {
  /** @param open undefined: nothing can be opened */
  constructor(
    private readonly sealed: History<State>,
    private readonly stream: EventStream,
    private readonly open: OpenEvents | undefined,
  ) {}

  append(entries: readonly HistoryEntry<State>[]): Promise<void> {
    return this.sealed.append(entries);
  }

  forget(id: string, before: number): Promise<void> {
    return this.sealed.forget(id, before);
  }

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

  forkedVersions(): Promise<readonly ForkedVersion[]> {
    return this.sealed.forkedVersions();
  }

  isForkEnded(fork: ForkedVersion): Promise<boolean> {
    return this.sealed.isForkEnded(fork);
  }

  private async openedOrNone(entry: HistoryEntry<State> | undefined): Promise<HistoryEntry<State> | undefined> {
    return entry && (await this.opened([entry]))[0];
  }

  /** @throws UnreadableRecord when a part was altered, PlatformError `unavailable` while the key of a person is missing */
  private async opened(entries: readonly HistoryEntry<State>[]): Promise<readonly HistoryEntry<State>[]> {
    const closed = entries.filter(({ sealed, state }) => sealed !== undefined && state !== undefined);
    if (closed.length === 0) return entries;
    const events = closed.map((entry) => this.eventOf(entry));
    const opened = (await this.open?.(events)) ?? [];
    const states = new Map(closed.map((entry, index) => [entry, this.stateOf(opened[index])]));
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
  private eventOf({
    id,
    version,
    type,
    eventId,
    time,
    changed,
    sealed,
    schemaVersion,
    state,
  }: HistoryEntry): CloudEvent {
    const { source, member } = this.stream;
    return {
      ...{ specversion: '1.0', id: eventId, source, type, subject: id, time, datacontenttype: 'application/json' },
      dataschema: dataschemaOf(type, schemaVersion ?? 1),
      sequence: String(version),
      data: { [member]: state, changed, sealed },
    };
  }
}
