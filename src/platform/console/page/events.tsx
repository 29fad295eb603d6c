import { useState } from 'preact/hooks';
import type { EventView, FoundEvent } from '../api.js';
import { withQuery } from './client.js';
import { bytes, count, time } from './format.js';
import type { ViewProps } from './view.js';
import { Field, indented, Json, Section, Table, Trouble, useLoaded } from './parts.js';
import { PlaceLink } from './place-link.js';

interface Found {
  readonly events: readonly FoundEvent[];
  readonly isCut: boolean;
  readonly searched: number;
  readonly total: number;
}

const CRITERIA = ['key', 'id', 'type', 'trace', 'actor', 'from', 'to'] as const;
const LABELS: Readonly<Record<(typeof CRITERIA)[number], string>> = {
  key: 'Aggregate id',
  id: 'Event id',
  type: 'Type',
  trace: 'Trace id',
  actor: 'Actor',
  from: 'From (RFC 3339)',
  to: 'To (RFC 3339)',
};
/** Newest records of each partition that the first search reads. */
const DEPTH = 10_000;

type Query = Readonly<Partial<Record<(typeof CRITERIA)[number] | 'topic' | 'depth', string>>>;

/** Finds events in the log, and shows one. */
export function EventsView({ session, path: [topic, partition, offset] }: ViewProps) {
  const [query, setQuery] = useState<Query>({});
  const found = useLoaded<Found>(withQuery('events', query));
  const isChosen = topic !== undefined && partition !== undefined && offset !== undefined;
  return (
    <>
      {isChosen && <EventDetails place={{ topic, partition, offset }} />}
      <Search
        topics={session.kinds.map((kind) => kind.topic)}
        onSearch={(criteria) => setQuery({ ...criteria, depth: String(DEPTH) })}
      />
      <Trouble error={found.error} />
      {found.isLoading && <p role="status">Searching …</p>}
      {found.data && (
        <Results
          found={found.data}
          onDeeper={() => setQuery({ ...query, depth: String(Number(query.depth ?? DEPTH) * 10) })}
        />
      )}
    </>
  );
}

function Search({ topics, onSearch }: { topics: readonly string[]; onSearch: (query: Query) => void }) {
  return (
    <form
      aria-label="Find events"
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const entries = [...form].flatMap(([name, value]) => (typeof value === 'string' ? [[name, value.trim()]] : []));
        onSearch(Object.fromEntries(entries.filter(([, value]) => value !== '')) as Query);
      }}
    >
      <label>
        <span>Topic</span>
        <select name="topic">
          <option value="">all</option>
          {topics.map((topic) => (
            <option key={topic}>{topic}</option>
          ))}
        </select>
      </label>
      {CRITERIA.map((name) => (
        <Field key={name} label={LABELS[name]} name={name} />
      ))}
      <button class="main">Find</button>
    </form>
  );
}

function Results({ found: { events, isCut, searched, total }, onDeeper }: { found: Found; onDeeper: () => void }) {
  return (
    <Section
      title="Found"
      aside={
        <>
          <span class="dim" role="status">
            {isCut ? `the newest ${events.length}` : count(events.length)} of {count(searched)} records searched,{' '}
            {count(total)} in all
          </span>
          {searched < total && <button onClick={onDeeper}>Search further back</button>}
        </>
      }
    >
      <Table
        caption="Found events, newest first"
        columns={['Time', 'Type', 'Aggregate', 'Version', 'Actor', 'In the log', 'Size']}
      >
        {events.map((event) => (
          <tr key={`${event.topic}/${event.partition}/${event.offset}`}>
            <td>{event.time === undefined ? '–' : time(event.time)}</td>
            <th scope="row">{event.type ?? 'no event'}</th>
            <td>
              {event.key === undefined ? (
                '–'
              ) : (
                <a href={`#/timeline/${encodeURIComponent(event.topic)}/${encodeURIComponent(event.key)}`}>
                  {event.key}
                </a>
              )}
            </td>
            <td>{event.sequence ?? '–'}</td>
            <td>{event.actor ?? '–'}</td>
            <td>
              <PlaceLink {...event} />
            </td>
            <td>{bytes(event.bytes)}</td>
          </tr>
        ))}
      </Table>
    </Section>
  );
}

function EventDetails({ place }: { place: { topic: string; partition: string; offset: string } }) {
  const { topic, partition, offset } = place;
  const { data, error } = useLoaded<EventView>(`events/${encodeURIComponent(topic)}/${partition}/${offset}`);
  return (
    <Section title={`${topic}, partition ${partition}, offset ${offset}`} aside={<a href="#/events">Close</a>}>
      <Trouble error={error} />
      {data && (
        <>
          <p role="status">
            {data.isIntact === true && <span class="good">The hash fits the content. </span>}
            {data.isIntact === false && <strong class="bad">The hash does not fit the content. </strong>}
            {data.reason !== undefined && <span>Not opened: {data.reason}. </span>}
            {data.isMasked && <span class="dim">Data needs the scope operations:personal.</span>}
          </p>
          <div class="columns">
            {data.opened !== undefined && (
              <div>
                <h3>Opened</h3>
                <Json value={data.opened} label="Opened data" />
              </div>
            )}
            {data.raw !== undefined && (
              <div>
                <h3>As stored</h3>
                <Json value={indented(data.raw)} label="Value as it is stored" />
              </div>
            )}
            <div>
              <h3>Headers</h3>
              <Json value={data.headers} label="Headers" />
            </div>
          </div>
        </>
      )}
    </Section>
  );
}
