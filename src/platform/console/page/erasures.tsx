import { useState } from 'preact/hooks';
import type { ErasureView } from '../api.js';
import { get } from './client.js';
import { time } from './format.js';
import { Section, Table, Trouble, useLoaded } from './parts.js';

/** Erasures, and their attestations. */
export function ErasuresView() {
  const { data, error, isLoading, reload } = useLoaded<{ readonly items: readonly ErasureView[] }>('erasures');
  const [trouble, setTrouble] = useState<unknown>();
  const download = async ({ topic, id }: ErasureView) => {
    setTrouble(undefined);
    try {
      const attestation = await get<object>(`erasures/${encodeURIComponent(topic)}/${encodeURIComponent(id)}`);
      save(`attestation-${id}.json`, JSON.stringify(attestation, undefined, 2));
    } catch (failure) {
      setTrouble(failure);
    }
  };
  return (
    <Section title="Erased persons" aside={<button onClick={reload}>Refresh</button>}>
      <Trouble error={error ?? trouble} />
      {isLoading && !data && <p role="status">Searching the log …</p>}
      {data && data.items.length === 0 && <p>No erasure was found in the newest part of the log.</p>}
      {data && data.items.length > 0 && (
        <Table caption="Erasures, newest first" columns={['Time', 'Person', 'By', 'State', 'Attestation']}>
          {data.items.map((erasure) => (
            <tr key={erasure.id}>
              <td>{time(erasure.time)}</td>
              <th scope="row">
                <a href={`#/timeline/${encodeURIComponent(erasure.topic)}/${erasure.id}`}>{erasure.id}</a>
              </th>
              <td>{erasure.actor ?? '–'}</td>
              <td class={erasure.awaited?.length ? 'bad' : ''}>{stateOf(erasure)}</td>
              <td>
                <button onClick={() => void download(erasure)} aria-label={`Download the attestation of ${erasure.id}`}>
                  Download
                </button>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  );
}

function stateOf({ awaited }: ErasureView): string {
  if (!awaited) return 'not recorded yet';
  return awaited.length === 0 ? 'confirmed by all' : `waits for ${awaited.join(', ')}`;
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
