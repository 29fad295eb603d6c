import type { Flow } from '../api.js';
import { Chart } from './chart.js';
import { bytes, count, duration, rate, time } from './format.js';
import { Section, Table } from './parts.js';

/** The system as it is now, and the last two minutes. */
export function FlowView({ flows }: { flows: readonly Flow[] }) {
  const flow = flows.at(-1);
  if (!flow) return <p role="status">Waiting for the first sample …</p>;
  const lagOf = ({ groups }: Flow) => groups.reduce((sum, { lag = 0 }) => sum + lag, 0);
  const outboxOf = ({ outboxes }: Flow) => outboxes.reduce((sum, { events = 0 }) => sum + events, 0);
  const publishedOf = ({ topics }: Flow) =>
    topics.some(({ perSecond }) => perSecond !== undefined)
      ? topics.reduce((sum, { topic, perSecond = 0 }) => sum + (topic.endsWith('.change') ? perSecond : 0), 0)
      : undefined;
  const isWaiting = flow.outboxes.some(
    ({ events, oldestSeconds = 0, setAside }) => events === undefined || oldestSeconds >= 5 || setAside > 0,
  );
  const isLagging = flow.groups.some(({ lag, stillSeconds }) => lag === undefined || stillSeconds >= 5);
  return (
    <>
      <Standstills flow={flow} />
      <div class="charts">
        <Chart label="Commands" values={flows.map(({ commandsPerSecond }) => commandsPerSecond)} />
        <Chart label="Reads" values={flows.map(({ readsPerSecond }) => readsPerSecond)} />
        <Chart
          label="Failures (5xx)"
          values={flows.map(({ failuresPerSecond }) => failuresPerSecond)}
          isBad={(flow.failuresPerSecond ?? 0) > 0}
        />
        <Chart label="In the outboxes" values={flows.map(outboxOf)} unit="" isBad={isWaiting} />
        <Chart label="Published" values={flows.map(publishedOf)} />
        <Chart label="Consumer lag" values={flows.map(lagOf)} unit="" isBad={isLagging} />
      </div>
      <Outboxes flow={flow} />
      <Topics flow={flow} />
      <Groups flow={flow} />
      <Copies flow={flow} />
      <Instances flow={flow} />
    </>
  );
}

function Standstills({ flow: { standstills } }: { flow: Flow }) {
  if (standstills.length === 0) {
    return (
      <p class="good notice" role="status">
        Everything flows.
      </p>
    );
  }
  return (
    <ul class="bad notice" role="alert" aria-label="What stands still">
      {standstills.map(({ subject, reason }) => (
        <li key={subject + reason}>
          <strong>{subject}</strong>: {reason}
        </li>
      ))}
    </ul>
  );
}

function Outboxes({ flow: { outboxes } }: { flow: Flow }) {
  return (
    <Section title="Outboxes">
      <Table
        caption="Events that are committed and not yet published"
        columns={['Topic', 'Events', 'Oldest', 'Set aside']}
      >
        {outboxes.map(({ topic, events, oldestSeconds, setAside }) => (
          <tr key={topic} class={events === undefined || (oldestSeconds ?? 0) >= 5 || setAside > 0 ? 'bad' : ''}>
            <th scope="row">{topic}</th>
            <td>{count(events)}</td>
            <td>{events === 0 ? '–' : duration(oldestSeconds)}</td>
            <td>{count(setAside)}</td>
          </tr>
        ))}
      </Table>
    </Section>
  );
}

function Topics({ flow: { topics } }: { flow: Flow }) {
  return (
    <Section title="Topics">
      <Table
        caption="Topics"
        columns={['Topic', 'Records', 'Per second', 'Bytes per second', 'Partitions: end, per second']}
      >
        {topics.map(({ topic, records, perSecond, bytesPerSecond, partitions }) => (
          <tr key={topic}>
            <th scope="row">{topic}</th>
            <td>{count(records)}</td>
            <td>{rate(perSecond)}</td>
            <td>{bytesPerSecond === undefined ? '–' : bytes(bytesPerSecond)}</td>
            <td>
              <div class="chips">
                {partitions.map((each) => (
                  <span class={each.perSecond ? 'chip moving' : 'chip'} key={each.partition}>
                    {each.partition}: {count(each.end)}
                    {each.perSecond ? `, ${rate(each.perSecond)}/s` : ''}
                  </span>
                ))}
              </div>
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  );
}

function Groups({ flow: { groups } }: { flow: Flow }) {
  return (
    <Section title="Consumer groups">
      <Table
        caption="Consumer groups"
        columns={['Group', 'Topic', 'Lag in events', 'Lag in time', 'Processed per second', 'Pending dead letters']}
      >
        {groups.map(({ group, topic, lag, lagSeconds, perSecond, deadLetters, stillSeconds }) => (
          <tr key={group + topic} class={lag === undefined || stillSeconds >= 5 ? 'bad' : ''}>
            <th scope="row">{group}</th>
            <td>{topic}</td>
            <td>{count(lag)}</td>
            <td>{lag === 0 ? '–' : duration(lagSeconds)}</td>
            <td>{rate(perSecond)}</td>
            <td class={deadLetters ? 'bad' : ''}>
              {deadLetters ? <a href="#/letters">{count(deadLetters)}</a> : count(deadLetters)}
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  );
}

function Copies({ flow: { copies } }: { flow: Flow }) {
  return (
    <Section title="Collections">
      <Table caption="Collections that are derived from the log" columns={['Module', 'Collection', 'Documents']}>
        {copies.map(({ module, collection, documents }) => (
          <tr key={module + collection}>
            <th scope="row">{module}</th>
            <td>{collection}</td>
            <td>{count(documents)}</td>
          </tr>
        ))}
      </Table>
    </Section>
  );
}

function Instances({ flow: { instances } }: { flow: Flow }) {
  return (
    <Section title="Instances">
      <Table
        caption="Instances"
        columns={['Modules', 'Host', 'State', 'Commands per second', 'Memory', 'Consumer restarts', 'Version', 'Since']}
      >
        {instances.map((each) => (
          <tr key={each.id} class={each.status === 'ready' ? '' : 'bad'}>
            <th scope="row">{each.modules.join(', ')}</th>
            <td>{each.name}</td>
            <td>{each.status}</td>
            <td>{rate(each.commandsPerSecond)}</td>
            <td>{bytes(each.memoryBytes)}</td>
            <td>{count(each.consumers.reduce((sum, { restarts }) => sum + restarts, 0))}</td>
            <td>
              {each.version} <span class="dim">{each.commit.slice(0, 7)}</span>
            </td>
            <td>{time(each.startedAt)}</td>
          </tr>
        ))}
      </Table>
    </Section>
  );
}
