import type { Flow } from '../api.js';
import { Section, Table } from './parts.js';

/** The state of each instance, and its dependencies that are down. */
export function HealthSection({ flow }: { flow: Flow | undefined }) {
  if (!flow) return null;
  return (
    <Section title="Health">
      <Table caption="Health of the instances" columns={['Modules', 'Host', 'State', 'Down']}>
        {flow.instances.map(({ id, modules, name, status, down }) => (
          <tr key={id} class={status === 'ready' ? '' : 'bad'}>
            <th scope="row">{modules.join(', ')}</th>
            <td>{name}</td>
            <td>{status}</td>
            <td>
              {Object.entries(down).map(([dependency, reason]) => (
                <div key={dependency}>
                  {dependency}: {reason}
                </div>
              ))}
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  );
}
