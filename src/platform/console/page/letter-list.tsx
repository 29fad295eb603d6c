import { useState } from 'preact/hooks';
import type { EventView } from '../api.js';
import type { LetterPage, LetterState, LetterView } from '../letters-api.js';
import { withQuery } from './client.js';
import { bytes, time } from './format.js';
import { useActions } from './letter-actions.js';
import { indented, Json, Section, Table, Trouble, useLoaded } from './parts.js';

/** One page of dead letters after another, each with its record. */
export function LetterList({
  module,
  topic,
  state,
  reason,
  mayAct,
  onDone,
}: {
  module: string;
  topic: string;
  state: LetterState;
  reason: string | undefined;
  mayAct: boolean;
  onDone: () => void;
}) {
  const [after, setAfter] = useState<string>();
  const [shown, setShown] = useState<string>();
  const base = `dead-letters/${encodeURIComponent(module)}/${encodeURIComponent(topic)}`;
  const { data, error } = useLoaded<LetterPage>(withQuery(base, { state, reason, after }));
  const { act, panel } = useActions(module, topic, onDone);
  return (
    <Section title={`${state} dead letters of ${module}, reading ${topic}`} aside={<a href="#/letters">Close</a>}>
      <Trouble error={error} />
      {reason !== undefined && <p>Reason: {reason}</p>}
      {panel}
      {data?.items.length === 0 && <p>There are none.</p>}
      {data && data.items.length > 0 && (
        <Table
          caption="Dead letters"
          columns={['Record', 'Type', 'Aggregate', 'Reason', 'Since', 'State', 'Size', 'Actions']}
        >
          {data.items.map((letter) => (
            <tr key={letter.id}>
              <th scope="row">{letter.id}</th>
              <td>{letter.type === undefined ? 'no event' : `${letter.type} (${letter.version})`}</td>
              <td>
                {letter.key === undefined ? (
                  '–'
                ) : (
                  <a href={`#/timeline/${encodeURIComponent(topic)}/${encodeURIComponent(letter.key)}`}>{letter.key}</a>
                )}
              </td>
              <td>{letter.reason}</td>
              <td>{time(letter.time)}</td>
              <td>
                <State letter={letter} />
              </td>
              <td>{bytes(letter.bytes)}</td>
              <td>
                <div class="chips">
                  <button onClick={() => setShown(letter.id)}>Show</button>
                  {mayAct && letter.state !== 'redriven' && (
                    <button onClick={() => act('redrive', { id: letter.id }, letter.id)}>Redrive</button>
                  )}
                  {mayAct && letter.state === 'pending' && letter.key !== undefined && (
                    <button
                      onClick={() => act('redrive', { key: letter.key as string }, `all pending of ${letter.key}`)}
                    >
                      Redrive its aggregate
                    </button>
                  )}
                  {mayAct && letter.state === 'pending' && (
                    <button class="danger" onClick={() => act('discard', { id: letter.id }, letter.id)}>
                      Discard
                    </button>
                  )}
                </div>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {data?.next !== undefined && <button onClick={() => setAfter(data.next)}>Next page</button>}
      {shown !== undefined && <Record path={withQuery(`${base}/record`, { id: shown })} id={shown} />}
    </Section>
  );
}

function State({ letter: { state, isHealed, discarded } }: { letter: LetterView }) {
  return (
    <>
      {state}
      {isHealed && <span class="good"> healed by a newer event</span>}
      {discarded && ` by ${discarded.actor ?? 'somebody'}: ${discarded.reason}`}
    </>
  );
}

function Record({ path, id }: { path: string; id: string }) {
  const { data, error } = useLoaded<EventView>(path);
  return (
    <>
      <h3>{id}</h3>
      <Trouble error={error} />
      {data && (
        <div class="columns">
          {data.opened !== undefined && <Json value={data.opened} label="Opened data" />}
          {data.raw !== undefined && <Json value={indented(data.raw)} label="Value as it is stored" />}
          {data.isMasked && <p class="dim">The value needs the scope operations:personal.</p>}
          <Json value={data.headers} label="Headers" />
        </div>
      )}
    </>
  );
}
