// Opens sealed events as the plainest consumer does: it reads all keys first, and unwraps each when it meets the person.
const built = (/** @type {string} */ file) => import(new URL(`../../dist/platform/${file}`, import.meta.url).href);
const { boundTo } = await built('event/compose-event.js');
const { parseKeyRecord } = await built('privacy/key-records.js');
const { decodeMasterKey } = await built('privacy/master-key-lines.js');
const { readMasterKeysFile } = await built('privacy/master-keys-file.js');
const { MasterKeys } = await built('privacy/master-keys.js');
const { join } = await built('privacy/personal-fields.js');
const { openPart } = await built('privacy/sealed-part.js');

/** @param {NodeJS.ProcessEnv} env */
export async function readMasterKeys({ MASTER_KEYS_FILE }) {
  const lines = await readMasterKeysFile(String(MASTER_KEYS_FILE));
  return new MasterKeys(
    lines.map((/** @type {any} */ { id, value, number }) => ({ id, bytes: decodeMasterKey(value, number) })),
  );
}

/**
 * Returns a function that opens the events of a topic of customers.
 * @param {import('kafkajs').Kafka} kafka @param {string} keysTopic @param {NodeJS.ProcessEnv} env
 * @returns {Promise<(event: any) => any>}
 */
export async function openerFor(kafka, keysTopic, env) {
  const masterKeys = await readMasterKeys(env);
  const wrapped = await readKeys(kafka, keysTopic);
  /** @type {Map<string, object>} */
  const keys = new Map();
  return (event) => {
    const { subject: id, sequence, type, dataschema } = event;
    const key = keys.get(id) ?? masterKeys.unwrap(id, wrapped.get(id));
    keys.set(id, key);
    const { sealed, ...clear } = event.data;
    const personal = openPart(key, sealed, boundTo({ id, version: Number(sequence) }, type, dataschema));
    return { ...event, data: join(clear, personal) };
  };
}

/** @param {import('kafkajs').Kafka} kafka @param {string} topic */
async function readKeys(kafka, topic) {
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  let missing = ends.reduce((sum, { high }) => sum + Number(high), 0);
  /** @type {Map<string, object>} */
  const keys = new Map();
  const consumer = kafka.consumer({ groupId: `bare-keys-${process.pid}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise((resolve) => {
    void consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch: { messages } }) => {
        for (const { person, key } of messages.map(parseKeyRecord)) keys.set(person, key);
        missing -= messages.length;
        if (missing <= 0) resolve(undefined);
      },
    });
  });
  await consumer.disconnect();
  return keys;
}
