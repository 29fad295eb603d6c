import type { Admin, ConfigResourceTypes } from 'kafkajs';

/** `ConfigResourceTypes.TOPIC`, without loading the client. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the enum itself would load the client
export const TOPIC = 2 as ConfigResourceTypes.TOPIC;
/** `DYNAMIC_TOPIC_CONFIG` of Kafka's ConfigSource: set for this topic. */
const OF_THE_TOPIC = 1;

/** Returns the settings that a topic has itself, without those of its broker. */
export async function ownSettingsOf(admin: Admin, name: string): Promise<Record<string, string>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: TOPIC, name }],
  });
  const entries = resources[0]?.configEntries ?? [];
  const own = entries.filter(({ configSource }) => (configSource as number) === OF_THE_TOPIC);
  return Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue]));
}

/** Sets a topic's own settings. Kafka drops those that are missing, so give all of them. */
export async function setOwnSettings(
  admin: Admin,
  name: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const configEntries = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: TOPIC, name, configEntries }],
  });
}
