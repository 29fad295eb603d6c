import { useState } from 'preact/hooks';
import type { LetterGroup, LettersOfTopic, LetterState } from '../letters-api.js';
import { count, time } from './format.js';
import { useActions } from './letter-actions.js';
import { LetterList } from './letter-list.js';
import type { ViewProps } from './view.js';
import { Section, Table, Trouble, useLoaded } from './parts.js';

/** Records that could not be applied, by reason and type, and what to do with them. */
export function LettersView({ session, path: [module, topic, state, reason] }: ViewProps) {
  const { data, error, isLoading, reload } = useLoaded<{ readonly items: readonly LettersOfTopic[] }>('dead-letters');
  const [turn, setTurn] = useState(0);
  const isChosen = module !== undefined && topic !== undefined;
  const refresh = () => {
    reload();
    setTurn((before) => before + 1);
  };
  return (
    <>
      <p class="dim">
        A dead letter is a record that a module could not apply. Redriving applies it again; discarding only says that
        nobody will. Neither deletes anything.
      </p>
      <Trouble error={error} />
      {isLoading && !data && <p role="status">Reading the dead letters …</p>}
      {data?.items.map((letters) => (
        <Letters key={letters.module + letters.topic} letters={letters} mayAct={session.mayAct} onDone={refresh} />
      ))}
      {isChosen && (
        <LetterList
          key={`${module} ${topic} ${state} ${reason} ${turn}`}
          {...{ module, topic, mayAct: session.mayAct, onDone: refresh }}
          state={(state ?? 'pending') as LetterState}
          reason={reason}
        />
      )}
    </>
  );
}

function Letters({ letters, mayAct, onDone }: { letters: LettersOfTopic; mayAct: boolean; onDone: () => void }) {
  const { module, topic, counts, reasons, types } = letters;
  const { act, panel } = useActions(module, topic, onDone);
  const link = (state: LetterState) => `#/letters/${encodeURIComponent(module)}/${encodeURIComponent(topic)}/${state}`;
  return (
    <Section
      title={`${module}, reading ${topic}`}
      aside={
        <>
          {(['pending', 'redriven', 'discarded'] as const).map((state) => (
            <a class={state === 'pending' && counts.pending > 0 ? 'bad' : ''} href={link(state)} key={state}>
              {count(counts[state])} {state}
            </a>
          ))}
          {mayAct && counts.pending > 0 && (
            <button onClick={() => act('redrive', { all: true }, `all ${counts.pending} pending`)}>Redrive all</button>
          )}
        </>
      }
    >
      {panel}
      {reasons.length > 0 && (
        <Table
          caption={`Pending dead letters of ${module} by reason`}
          columns={['Reason', 'Count', 'First', 'Last', 'Actions']}
        >
          {reasons.map((group) => (
            <tr key={group.name}>
              <th scope="row">
                <a href={`${link('pending')}/${encodeURIComponent(group.name ?? '')}`}>{group.name ?? 'no reason'}</a>
              </th>
              <GroupCells group={group} />
              <td>
                {mayAct && (
                  <div class="chips">
                    <button
                      onClick={() => act('redrive', { reason: group.name ?? '' }, `${group.count} with this reason`)}
                    >
                      Redrive
                    </button>
                    <button
                      class="danger"
                      onClick={() => act('discard', { reason: group.name ?? '' }, `${group.count} with this reason`)}
                    >
                      Discard
                    </button>
                  </div>
                )}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {types.length > 0 && (
        <Table
          caption={`Pending dead letters of ${module} by type`}
          columns={['Type of event', 'Count', 'First', 'Last']}
        >
          {types.map((group) => (
            <tr key={group.name}>
              <th scope="row">{group.name ?? 'no event'}</th>
              <GroupCells group={group} />
            </tr>
          ))}
        </Table>
      )}
    </Section>
  );
}

function GroupCells({ group: { count: number, firstTime, lastTime } }: { group: LetterGroup }) {
  return (
    <>
      <td>{count(number)}</td>
      <td>{time(firstTime)}</td>
      <td>{time(lastTime)}</td>
    </>
  );
}
