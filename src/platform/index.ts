/** What a context is made of: its declaration, its ports, its use cases and its messages. Controllers: http.ts. */
export { aggregate, projection, type Projector, reaction, type Reactor } from './context/declaration.js';
export { type Context, defineContext } from './context/define-context.js';
export { provide, token } from './context/token.js';

export type { Aggregates } from './aggregate/aggregates.js';
export {
  changeAggregate,
  changeExisting,
  type Conditions,
  createAggregate,
  type ExpectedVersions,
  type CommandResult,
} from './aggregate/change-aggregate.js';
export type { Idempotency } from './aggregate/idempotency.js';

export type { Attestation, Confirmed, Erasures, Remaining } from './privacy/attestation.js';
export type { HistoryReader } from './views/history.js';
export { waitForHistory } from './views/wait-for-history.js';
export type { Listing, ListPage, ListQuery } from './views/listing.js';
export type { Projection } from './views/projection.js';

export { type CloudEvent, dataschemaOf } from './event/cloud-event.js';
export { type EventStream, eventStream } from './event/event-stream.js';
export { UnreadableRecord } from './event/parse-cloud-event.js';
export { tolerantCheck } from './event/message-schemas.js';
export { upcast, type Upcaster, type Upcasters } from './event/upcast.js';
export type { Heartbeat } from './log/lease.js';
