import { count, rate } from './format.js';
import type { ViewProps } from './view.js';
import { Section, Table } from './parts.js';

/** Who consumes which partitions, and how it goes. */
export function ConsumersView({ flows }: ViewProps) {
  const flow = flows.at(-1);
  if (!flow) return <p role="status">Waiting for the first sample …</p>;
  const groups = [...new Set(flow.groups.map(({ group }) => group))];
  return (
    <>
      {groups.map((group) => {
        const members = flow.instances.flatMap((instance) =>
          instance.consumers.flatMap((consumer) => (consumer.group === group ? [{ instance, consumer }] : [])),
        );
        return (
          <Section title={group} key={group}>
            <Table
              caption={`Members of ${group}`}
              columns={['Host', 'State', 'Partitions', 'Restarts by the watchdog']}
            >
              {members.map(({ instance, consumer }) => (
                <tr key={instance.id} class={consumer.isUp && instance.status !== 'gone' ? '' : 'bad'}>
                  <th scope="row">{instance.name}</th>
                  <td>
                    {instance.status === 'gone' ? 'gone' : (consumer.detail ?? (consumer.isUp ? 'consumes' : 'down'))}
                  </td>
                  <td>
                    {Object.entries(consumer.partitions).map(([topic, partitions]) => (
                      <div key={topic}>
                        {topic}: {partitions.join(', ') || 'none'}
                      </div>
                    ))}
                  </td>
                  <td>{count(consumer.restarts)}</td>
                </tr>
              ))}
            </Table>
            {members.length === 0 && <p class="bad notice">No instance consumes in this group.</p>}
            <p class="dim">
              {flow.groups
                .filter((each) => each.group === group)
                .map(({ topic, lag, perSecond }) => `${topic}: ${count(lag)} behind, ${rate(perSecond)}/s`)
                .join('; ')}
            </p>
          </Section>
        );
      })}
    </>
  );
}
