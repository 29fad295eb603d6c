import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CONTEXTS } from '../src/contexts.js';
import { runCommandLine } from '../src/platform/commands/command-line.js';
import { RegistryClient } from '../src/platform/schema-registry/registry-client.js';
import { subjectsOf } from '../src/platform/schema-registry/subjects.js';
import { schemaValidator } from './support/messages.js';
import { type Illness, StandInRegistry } from './support/schema-registry.js';

const PASSWORD = 'hunter2secret';
const SHARED = 'orders.order.v2';
const PLACED = 'orders.order.change-orders.order.placed.v2';
const TYPES = ['cancelled', 'placed', 'redacted', 'shipped'];
/** In the order in which they are published: each after those that it refers to. */
const ORDERS = [
  'orders.order.v1',
  SHARED,
  ...TYPES.flatMap((type) => [1, 2].map((major) => PLACED.replace('placed.v2', `${type}.v${major}`))),
];
ORDERS.splice(3, 0, 'sealed.v1');

const streams = CONTEXTS.flatMap(({ events }) => events.publishes);
const [orders] = streams.filter(({ topic }) => topic === 'orders.order.change');

/** Adds a property to the schema of a subject, as a change of the code would. */
function changeSchema(registry: StandInRegistry, subject: string, change: (schema: Changeable) => void): void {
  const [version] = registry.subjects.get(subject)!;
  const schema = JSON.parse(version!.schema) as Changeable;
  change(schema);
  registry.subjects.set(subject, [{ ...version!, schema: JSON.stringify(schema) }]);
}

interface Changeable {
  required: string[];
  properties: Record<string, unknown>;
}

describe('the schemas of events for a registry', () => {
  it.each(streams)('describe the value of each record of $topic', (stream) => {
    const ajv = schemaValidator();
    const validators = new Map(
      subjectsOf(stream).map(({ id, schema, references }) => {
        // A registry finds a schema by the name in the reference, and refuses one that it has not got yet.
        for (const name of references) expect(ajv.getSchema(name)).toBeDefined();
        const { $id: _, ...content } = JSON.parse(schema) as { $id?: string };
        ajv.addSchema(content, id);
        return [id, ajv.getSchema(id)!];
      }),
    );

    for (const sample of stream.samples ?? []) {
      const validate = validators.get(sample.dataschema)!;
      expect([sample.dataschema, validate(sample), validate.errors]).toEqual([sample.dataschema, true, null]);
      expect(validate({ ...sample, type: 'another' })).toBe(false);
      expect(validate({ ...sample, data: {} })).toBe(false);
    }
    expect(stream.samples).not.toHaveLength(0);
  });

  it.each(streams)('have the subjects of $topic that clients of Confluent derive from topic and title', (stream) => {
    const ofEvents = subjectsOf(stream).filter(({ subject }) => subject.startsWith(stream.topic));

    expect(ofEvents.length).toBeGreaterThan(0);
    for (const { subject, schema } of ofEvents) {
      expect(subject).toBe(`${stream.topic}-${(JSON.parse(schema) as { title: string }).title}`);
    }
  });
});

describe('the command schemas', () => {
  const { env } = process;
  let registry: StandInRegistry;

  beforeEach(async () => {
    registry = await StandInRegistry.start();
  });

  afterEach(async () => {
    process.env = env;
    jest.restoreAllMocks();
    await registry.stop();
  });

  async function run(action: string, settings: Readonly<Record<string, string>> = {}) {
    process.env = { SCHEMA_REGISTRY_URL: registry.url, ...settings };
    const lines: string[] = [];
    const print = (text: string) => void lines.push(...text.split('\n'));
    jest.spyOn(console, 'log').mockImplementation(print);
    jest.spyOn(console, 'error').mockImplementation(print);
    const code = await runCommandLine(CONTEXTS, ['schemas', action, '--module', 'orders']);
    expect(lines.join('\n')).not.toContain(PASSWORD);
    return { code, lines };
  }

  it('publishes each schema after those that it refers to, and says which were new', async () => {
    expect(await run('publish')).toEqual({
      code: 0,
      lines: [...ORDERS.map((subject) => `${subject}: published as version 1`), `${ORDERS.length} schemas published.`],
    });
    expect([...registry.subjects.keys()]).toEqual(ORDERS);
    const { references } = registry.subjects.get(PLACED)![0]!;
    expect(references).toEqual([
      { name: 'urn:schema:orders.order:v2', subject: SHARED, version: 1 },
      { name: 'urn:schema:sealed:v1', subject: 'sealed.v1', version: 1 },
    ]);

    expect(await run('publish')).toEqual({ code: 0, lines: [`All ${ORDERS.length} schemas were registered before.`] });
    expect([...registry.subjects.values()].map(({ length }) => length)).toEqual(ORDERS.map(() => 1));
  });

  it('checks that the registry has each schema, and changes nothing', async () => {
    const missing = ORDERS.map((subject) =>
      subject.includes('.change-') ? `${subject}: refers to a schema that is not registered` : `${subject}: missing`,
    );
    expect(await run('check')).toEqual({ code: 1, lines: missing });
    expect(registry.subjects.size).toBe(0);

    await run('publish');
    expect(await run('check')).toEqual({ code: 0, lines: [`All ${ORDERS.length} schemas are registered.`] });
    expect(await run('check', { SCHEMA_REGISTRY_URL: `${registry.url}/` })).toMatchObject({ code: 0 });

    registry.subjects.delete(PLACED);
    expect(await run('check')).toEqual({ code: 1, lines: [`${PLACED}: missing`] });
  });

  it('publishes a compatible change as another version', async () => {
    await run('publish');
    changeSchema(registry, PLACED, ({ properties }) => delete properties.resolves);

    const different = `${PLACED}: different from every registered version, but compatible with the latest`;
    expect(await run('check')).toEqual({ code: 1, lines: [different] });
    expect(await run('publish')).toEqual({
      code: 0,
      lines: [`${PLACED}: published as version 2`, '1 schema published.'],
    });
    expect(await run('check')).toMatchObject({ code: 0 });
  });

  it('publishes nothing if the registry says that one schema is incompatible', async () => {
    await run('publish');
    changeSchema(registry, PLACED, ({ required }) => required.splice(required.indexOf('subject'), 1));
    registry.subjects.delete(ORDERS.at(-1)!);
    const incompatible: unknown = expect.stringMatching(
      new RegExp(`^${PLACED}: incompatible: .*REQUIRED_ATTRIBUTE_ADDED.*'#/subject'`),
    );

    expect(await run('check')).toEqual({ code: 1, lines: [incompatible, `${ORDERS.at(-1)}: missing`] });
    expect(await run('publish')).toEqual({ code: 1, lines: [incompatible] });
    expect(registry.subjects.size).toBe(ORDERS.length - 1);
  });

  it('says why if the registry refuses a schema that it has called compatible', async () => {
    await run('publish');
    changeSchema(registry, PLACED, ({ required }) => required.splice(required.indexOf('subject'), 1));
    registry.contradictsItself = true;

    expect(await run('publish')).toEqual({
      code: 1,
      lines: [
        expect.stringMatching(new RegExp(`^${PLACED}: the schema registry answers 409 \\(40901\\): Schema being`)),
      ],
    });
  });

  it('logs in, and says which settings are wrong if it cannot', async () => {
    registry.login = { username: 'KEY', password: PASSWORD };
    const login = { SCHEMA_REGISTRY_USERNAME: 'KEY', SCHEMA_REGISTRY_PASSWORD: PASSWORD };
    const names = 'SCHEMA_REGISTRY_USERNAME, SCHEMA_REGISTRY_PASSWORD';

    expect(await run('publish', login)).toMatchObject({ code: 0 });
    expect(await run('check', { ...login, SCHEMA_REGISTRY_USERNAME: 'OTHER' })).toEqual({
      code: 1,
      lines: [`${names}: the schema registry does not accept them (401)`],
    });
    expect(await run('check')).toEqual({
      code: 1,
      lines: [`${names}: are not set, but the schema registry requires a login (401)`],
    });
  });

  it.each<[Illness, string]>([
    ['page', 'SCHEMA_REGISTRY_URL: answers 200, and not as a schema registry does'],
    ['empty', 'SCHEMA_REGISTRY_URL: answers 200, and not as a schema registry does'],
    ['half', 'SCHEMA_REGISTRY_URL: answers 200, and not as a schema registry does'],
    ['list', 'SCHEMA_REGISTRY_URL: answers 200, and not as a schema registry does'],
    ['failing', `${ORDERS[0]}: the schema registry answers 500 (50001): Error in the backend datastore`],
  ])('says so if the registry answers otherwise (%s)', async (illness, message) => {
    registry.illness = illness;

    expect(await run('publish')).toEqual({ code: 1, lines: [message] });
    expect(registry.requests).toEqual([`POST /subjects/${ORDERS[0]}`]);
  });

  it('says so if the registry is away, or none is configured', async () => {
    await registry.stop();
    const away = 'SCHEMA_REGISTRY_URL: the schema registry does not answer (ECONNREFUSED)';

    expect(await run('check')).toEqual({ code: 1, lines: [away] });
    registry = await StandInRegistry.start();
    expect(await run('check', { SCHEMA_REGISTRY_URL: '' })).toEqual({
      code: 1,
      lines: ['SCHEMA_REGISTRY_URL: is not set'],
    });
  });

  it('waits for a registry that does not answer only so long', async () => {
    registry.illness = 'never';
    const client = new RegistryClient({ url: registry.url }, 50);
    const [subject] = subjectsOf(orders!);

    await expect(client.find(subject!.subject, { schema: subject!.schema, references: [] })).rejects.toMatchObject({
      kind: 'unavailable',
      message: 'SCHEMA_REGISTRY_URL: the schema registry has not answered within 50 ms',
    });
  });
});
