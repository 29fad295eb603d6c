import type { Contracts } from '../api.js';
import { count, time } from './format.js';
import { Section, Table, Trouble, useLoaded } from './parts.js';

/** The types and versions of events: those in the log, and those that the code knows. */
export function ContractsView() {
  const { data, error, isLoading, reload } = useLoaded<Contracts>('contracts');
  return (
    <Section title="Types and versions" aside={<button onClick={reload}>Refresh</button>}>
      <Trouble error={error} />
      {isLoading && !data && <p role="status">Reading the newest events …</p>}
      {data && (
        <>
          <p class="dim">
            Counted among the newest {count(data.depth)} records of each partition. {count(data.unreadable)} of them are
            no events.
          </p>
          <Table
            caption="Types and versions of events"
            columns={['Type', 'Version', 'Seen', 'Newest', 'Upcaster', 'Needed by', 'Schemas of']}
          >
            {data.items.map((each) => (
              <tr key={`${each.type} ${each.version}`}>
                <th scope="row">{each.type}</th>
                <td>
                  {each.version} {each.isCurrent && <span class="chip moving">current</span>}
                </td>
                <td>{count(each.seen)}</td>
                <td>{each.newest === undefined ? '–' : time(each.newest)}</td>
                <td>
                  {each.isCurrent ? (
                    '–'
                  ) : each.hasUpcaster ? (
                    each.seen > 0 ? (
                      'in use'
                    ) : (
                      'there'
                    )
                  ) : (
                    <span class="bad">none</span>
                  )}
                </td>
                <td>{each.neededBy.join(', ') || '–'}</td>
                <td>{each.topic}</td>
              </tr>
            ))}
          </Table>
        </>
      )}
    </Section>
  );
}
