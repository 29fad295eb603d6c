import type { CloudEvent } from '../event/cloud-event.js';
import type { LoggedRecord } from '../log/bus.js';

/** An event of the log that a rebuild has read. */
export interface ObservedEvent {
  readonly event: CloudEvent;
  readonly record: LoggedRecord;
  /** It is an event, but it cannot be applied. */
  readonly isUnread?: true;
  /** The event after it was opened, if its personal part was sealed on the way to another generation. */
  readonly opened?: CloudEvent;
}

/** The same, while it is being observed. */
export type Observed = { -readonly [Name in keyof ObservedEvent]: ObservedEvent[Name] };

/** Adds the event as it was opened. */
export function setOpened(observed: readonly Observed[], of: LoggedRecord, opened: CloudEvent): void {
  const found = observed.find(({ record }) => record === of);
  if (found) found.opened = opened;
}
