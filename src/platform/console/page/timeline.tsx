import { useEffect, useState } from 'preact/hooks';
import type { ChangeView, PastState, Session, Timeline } from '../api.js';
import { differences } from './difference.js';
import { duration, time } from './format.js';
import { PlaceLink } from './place-link.js';
import type { ViewProps } from './view.js';
import { Field, Json, Section, Table, Trouble, useLoaded } from './parts.js';

/** The versions of one aggregate: what changed, who did it, and where it is in the log. */
export function TimelineView({ session, flows, path: [topic, id] }: ViewProps) {
  const isChosen = topic !== undefined && id !== undefined && id !== '';
  const wanted = isChosen ? `aggregates/${encodeURIComponent(topic)}/${encodeURIComponent(id)}` : undefined;
  const { data, error, isLoading, reload } = useLoaded<Timeline>(wanted);
  // A change of it may have happened with every record that is published.
  const records = flows.at(-1)?.topics.find((each) => each.topic === topic)?.records;
  const isBehind = data?.copies.some(({ behind }) => behind > 0);
  useEffect(() => {
    if (data) reload();
  }, [records, isBehind ? flows.length : 0]);
  return (
    <>
      <Choice session={session} topic={topic} id={id} />
      {isLoading && !data && <p role="status">Loading …</p>}
      <Trouble error={error} />
      {data && <Versions timeline={data} key={data.id} />}
    </>
  );
}

function Choice({ session, topic, id = '' }: { session: Session; topic: string | undefined; id: string | undefined }) {
  const kinds = session.kinds.filter(({ isHere }) => isHere);
  const [kind, setKind] = useState(topic ?? kinds[0]?.topic ?? '');
  const [text, setText] = useState(id);
  useEffect(() => {
    setText(id);
    if (topic !== undefined) setKind(topic);
  }, [id, topic]);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        location.hash = `/timeline/${encodeURIComponent(kind)}/${encodeURIComponent(text.trim())}`;
      }}
    >
      <label>
        <span>Kind</span>
        <select value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
          {kinds.map((each) => (
            <option value={each.topic} key={each.topic}>
              {each.member}
            </option>
          ))}
        </select>
      </label>
      <Field label="Id" value={text} size={40} required onInput={(event) => setText(event.currentTarget.value)} />
      <button class="main">Show</button>
    </form>
  );
}

function Versions({ timeline }: { timeline: Timeline }) {
  const { changes, member, version, isErased, isCut, copies, topic, id } = timeline;
  const newest = changes.at(-1)?.version ?? version ?? 1;
  const oldest = changes[0]?.version ?? 1;
  const [chosen, setChosen] = useState<number>();
  const [against, setAgainst] = useState<number>();
  const shown = Math.min(chosen ?? newest, newest);
  const base = against ?? Math.max(oldest, shown - 1);
  const change = changes.find((each) => each.version === shown);
  return (
    <>
      <p class={isErased ? 'bad notice' : 'notice'}>
        <strong>{member}</strong> {isErased ? 'was erased; it is at' : 'is at'} version {version ?? newest}.{' '}
        {copies.map((copy) => (
          <span class={copy.behind > 0 ? 'bad' : ''} key={copy.module + copy.collection}>
            The copy in {copy.module} ({copy.collection}) is at {copy.version}
            {copy.behind > 0 ? `, ${copy.behind} behind` : ''}
            {copy.behindSeconds === undefined ? '' : `, for ${duration(copy.behindSeconds)}`}.{' '}
          </span>
        ))}
        {isCut && `Only the newest ${changes.length} changes are shown.`}
      </p>
      <Section title={`Version ${shown}`}>
        {newest > oldest && (
          <form onSubmit={(event) => event.preventDefault()}>
            <label class="wide">
              <span>Version</span>
              <input
                type="range"
                min={oldest}
                max={newest}
                value={shown}
                onInput={(event) => setChosen(event.currentTarget.valueAsNumber)}
              />
            </label>
            <label>
              <span>Compared with</span>
              <select value={base} onChange={(event) => setAgainst(Number(event.currentTarget.value))}>
                {changes.map((each) => (
                  <option value={each.version} key={each.version}>
                    {each.version}
                  </option>
                ))}
              </select>
            </label>
          </form>
        )}
        {change && <Change change={change} topic={topic} />}
        <States path={`aggregates/${encodeURIComponent(topic)}/${encodeURIComponent(id)}`} shown={shown} base={base} />
      </Section>
      <Section title="Changes">
        <Table caption="Changes, newest first" columns={['Version', 'Type', 'Time', 'Who', 'Changed', 'In the log']}>
          {[...changes].reverse().map((each) => (
            <tr key={each.version} aria-current={each.version === shown ? 'true' : undefined}>
              <th scope="row">
                <button onClick={() => setChosen(each.version)} aria-label={`Show version ${each.version}`}>
                  {each.version}
                </button>
              </th>
              <td>{each.type.split('.').at(-1)}</td>
              <td>{time(each.time)}</td>
              <td>{each.actor ?? '–'}</td>
              <td>{each.changed.join(', ') || '–'}</td>
              <td>
                <PlaceLink topic={topic} {...each} />
              </td>
            </tr>
          ))}
        </Table>
      </Section>
    </>
  );
}

function Change({ change, topic }: { change: ChangeView; topic: string }) {
  return (
    <p>
      <code>{change.type}</code> at {time(change.time)} {change.actor === undefined ? '' : `by ${change.actor}`}, in the
      log at <PlaceLink topic={topic} {...change} />.{' '}
      {change.hash !== undefined && <code class="dim">{change.hash}</code>}
    </p>
  );
}

function States({ path, shown, base }: { path: string; shown: number; base: number }) {
  const now = useLoaded<PastState>(`${path}/${shown}`);
  const before = useLoaded<PastState>(base === shown ? undefined : `${path}/${base}`);
  const state = now.data;
  if (!state) return <Trouble error={now.error} />;
  const changed = before.data?.version === base ? differences(before.data.state, state.state) : [];
  return (
    <>
      <p role="status">
        {state.isIntact === true && <span class="good">The hash fits the content and the version before.</span>}
        {state.isIntact === false && <strong class="bad">The chain does not hold: {state.reason}.</strong>}
        {state.isIntact === undefined && <span class="dim">Not checked: {state.reason}.</span>}
        {state.isMasked && <span class="dim"> Personal data needs the scope operations:personal.</span>}
      </p>
      <div class="columns">
        <div>
          <h3>State</h3>
          {state.state === undefined ? (
            <p>It was forgotten.</p>
          ) : (
            <Json value={state.state} label={`State of version ${shown}`} />
          )}
        </div>
        {base !== shown && (
          <div>
            <h3>
              From {base} to {shown}
            </h3>
            <Trouble error={before.error} />
            <Table caption={`Differences from ${base} to ${shown}`} columns={['Member', String(base), String(shown)]}>
              {changed.map(({ pointer, before: then, after }) => (
                <tr key={pointer}>
                  <th scope="row">
                    <code>{pointer}</code>
                  </th>
                  <td>{then === undefined ? '–' : JSON.stringify(then)}</td>
                  <td>{after === undefined ? '–' : JSON.stringify(after)}</td>
                </tr>
              ))}
            </Table>
          </div>
        )}
      </div>
    </>
  );
}
