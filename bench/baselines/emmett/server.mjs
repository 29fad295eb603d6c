// What people would use instead: Emmett's event store on MongoDB behind Express, as its samples have it. An inline
// projection keeps the current state in the document of the stream. No other context hears of an event.
import { randomUUID } from 'node:crypto';
import express from 'express';

// Installed for the bench alone, so the compiler is not told of them.
const installed = (/** @type {string} */ name) => import(name);
const { CommandHandler, isExpectedVersionConflictError, projections } = await installed('@event-driven-io/emmett');
const { getMongoDBEventStore, mongoDBInlineProjection, toStreamName } = await installed(
  '@event-driven-io/emmett-mongodb',
);
const { MongoClient } = await installed('mongodb');

const { PORT, MONGODB_URI = '' } = process.env;
const STREAM = 'customer';
const DATABASE = 'emmett';
/** MongoDB's error when two appends create the same version: Emmett's upsert meets the unique index. */
const DUPLICATE_KEY = 11_000;

const client = await MongoClient.connect(MONGODB_URI, { writeConcern: { w: 'majority', j: true } });
await client.db(DATABASE).dropDatabase();
const eventStore = getMongoDBEventStore({
  client,
  storage: { type: 'COLLECTION_PER_STREAM_TYPE', databaseName: DATABASE },
  projections: projections.inline([
    mongoDBInlineProjection({ canHandle: ['CustomerRegistered', 'CustomerChanged'], initialState, evolve }),
  ]),
});
// The same attempts as Emmett's own default, without its pause of a tenth of a second.
const retry = { retries: 3, minTimeout: 1, factor: 1.5, shouldRetryError: isConflict };
const handle = CommandHandler({ initialState, evolve, mapToStreamId: toStream, retry });

const app = express();
app.use(express.json({ type: ['application/json', 'application/merge-patch+json'] }));
app.post('/accounts/customers', async ({ body }, response) => {
  const now = new Date().toISOString();
  const creditCards = (body.creditCards ?? []).map(withoutNumber);
  const customer = { id: randomUUID(), ...body, creditCards, createdAt: now, updatedAt: now };
  const registered = { type: 'CustomerRegistered', data: customer };
  const { newState, nextExpectedStreamVersion } = await handle(eventStore, customer.id, () => registered);
  response.status(201).json({ ...newState, version: Number(nextExpectedStreamVersion) });
});
app.patch('/accounts/customers/:id', async ({ params: { id }, body }, response) => {
  const change = (/** @type {any} */ { name }) => ({
    type: 'CustomerChanged',
    data: { ...body, name: { ...name, ...body.name }, updatedAt: new Date().toISOString() },
  });
  const { newState, nextExpectedStreamVersion } = await handle(eventStore, id, change);
  response.json({ ...newState, version: Number(nextExpectedStreamVersion) });
});
app.get('/accounts/customers/:id/history', async ({ params: { id } }, response) => {
  const { events } = await eventStore.readStream(toStream(id));
  const changes = events.map((/** @type {any} */ { type, data, metadata }) => ({
    ...{ type, data, version: Number(metadata.streamPosition) },
  }));
  response.json({ changes });
});
app.listen(Number(PORT), '127.0.0.1');

/** @param {string} id */
function toStream(id) {
  return toStreamName(STREAM, id);
}

function initialState() {
  return {};
}

/** @param {any} state @param {{ data: any }} event */
function evolve(state, { data }) {
  return { ...state, ...data };
}

/** @param {any} error */
function isConflict(error) {
  return isExpectedVersionConflictError(error) || error?.code === DUPLICATE_KEY;
}

/** @param {any} card */
function withoutNumber({ number, ...card }) {
  return { ...card, last4: number.slice(-4) };
}
