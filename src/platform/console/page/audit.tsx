import type { ActionView } from '../api.js';
import { time } from './format.js';
import { Section, Table, Trouble, useLoaded } from './parts.js';

/** Who did what in the console, and the outcome. */
export function AuditView() {
  const { data, error, reload } = useLoaded<{ readonly items: readonly ActionView[] }>('actions');
  return (
    <Section title="Actions" aside={<button onClick={reload}>Refresh</button>}>
      <Trouble error={error} />
      {data && data.items.length === 0 && <p>Nobody has done anything here yet.</p>}
      {data && data.items.length > 0 && (
        <Table caption="Actions, newest first" columns={['Time', 'Who', 'What', 'To what', 'Outcome']}>
          {data.items.map(({ id, time: at, actor, action, target, outcome }) => (
            <tr key={id} class={outcome.startsWith('failed') ? 'bad' : ''}>
              <td>{time(at)}</td>
              <td>{actor ?? '–'}</td>
              <th scope="row">{action}</th>
              <td>{target}</td>
              <td>{outcome}</td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  );
}
