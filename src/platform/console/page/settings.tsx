import { Section, Table, Trouble, useLoaded } from './parts.js';
import { HealthSection } from './health.js';
import type { ViewProps } from './view.js';

interface InstanceSettings {
  readonly id: string;
  readonly name: string;
  readonly modules: readonly string[];
  readonly settings: Readonly<Record<string, string>>;
}

/** The health of the instances, their settings, and which of these differ. */
export function SettingsView({ flows }: ViewProps) {
  const { data, error } = useLoaded<{ readonly items: readonly InstanceSettings[] }>('settings');
  const items = data?.items ?? [];
  const names = [...new Set(items.flatMap(({ settings }) => Object.keys(settings)))].sort();
  return (
    <>
      <HealthSection flow={flows.at(-1)} />
      <Trouble error={error} />
      {data && (
        <Section
          title="Settings"
          aside={<span class="dim">Secrets are masked. Bold: different between instances.</span>}
        >
          <Table
            caption="Settings by instance"
            columns={['Setting', ...items.map(({ name, modules }) => `${modules.join(', ')} on ${name}`)]}
          >
            {names.map((setting) => {
              const values = items.map(({ settings }) => settings[setting] ?? '–');
              const isDifferent = new Set(values).size > 1;
              return (
                <tr key={setting}>
                  <th scope="row">
                    <code>{setting}</code>
                  </th>
                  {values.map((value, index) => (
                    <td key={items[index]?.id}>{isDifferent ? <strong>{value}</strong> : value}</td>
                  ))}
                </tr>
              );
            })}
          </Table>
        </Section>
      )}
    </>
  );
}
