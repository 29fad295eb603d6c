import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { CONTEXTS } from '../src/contexts.js';
import type { Bus, LoggedRecord } from '../src/platform/log/bus.js';
import { parseConfig } from '../src/platform/operating/config/config.js';
import { inMemory } from '../src/platform/process/backends.js';
import { Process } from '../src/platform/process/process.js';
import { publishSchemas } from '../src/platform/schema-registry/publish-schemas.js';
import { RegistryClient } from '../src/platform/schema-registry/registry-client.js';
import { SchemaIds } from '../src/platform/schema-registry/schema-ids.js';
import { subjectsOf } from '../src/platform/schema-registry/subjects.js';
import { eventually } from '../src/platform/testing/eventually.js';
import { get, post } from './support/http.js';
import { type Illness, StandInRegistry } from './support/schema-registry.js';

const TOPIC = 'accounts.customer.change';
const REGISTERED = 'urn:schema:accounts.customer.registered:v3';
const SUBJECT = `${TOPIC}-accounts.customer.registered.v3`;
const PASSWORD = 'hunter2secret';
const WITHOUT = 'events are published without the ids of their schemas';
const WITH = 'events are published with the ids of their schemas';

const streams = CONTEXTS.flatMap(({ events }) => events.publishes);

interface Line {
  readonly msg: string;
  readonly reason?: string;
}

describe('the ids of schemas', () => {
  let registry: StandInRegistry;
  let lines: Line[];
  let stopping: AbortController;
  let ended: (() => Promise<unknown>)[];
  const logger = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line) as Line) });

  beforeEach(async () => {
    registry = await StandInRegistry.start();
    lines = [];
    stopping = new AbortController();
    ended = [];
  });

  afterEach(async () => {
    stopping.abort();
    for (const end of ended) await end();
    await registry.stop();
    expect(JSON.stringify(lines)).not.toContain(PASSWORD);
  });

  const publishAll = () => publishSchemas(new RegistryClient({ url: registry.url }), streams.flatMap(subjectsOf));

  function headerOf(subject: string): Buffer {
    const { guid } = registry.subjects.get(subject)![0]!;
    return Buffer.from(`01${guid.replaceAll('-', '')}`, 'hex');
  }

  /** Looks up the ids in the background, with few milliseconds between attempts. */
  function lookUp(login: { readonly username?: string; readonly password?: string } = {}): SchemaIds {
    const client = new RegistryClient({ url: registry.url, ...login }, 100);
    const ids = new SchemaIds(client, streams, logger, 1);
    const looking = ids.lookUp(stopping.signal);
    ended.push(() => looking);
    return ids;
  }

  async function serve(settings: Readonly<Record<string, string>>) {
    const config = parseConfig({ PORT: 0, MANAGEMENT_PORT: 0, DRAIN_MS: 0, ...settings });
    const backends = inMemory(logger);
    let bus: Bus | undefined;
    const openBus = async () => (bus = await backends.openBus());
    const running = new Process(config, CONTEXTS, { ...backends, openBus }, logger);
    ended.push(() => running.stop());
    await running.start();
    await running.joined();
    const { port, managementPort } = running.ports;
    const register = async (): Promise<LoggedRecord> => {
      const name = { firstName: 'Ada', lastName: 'Lovelace' };
      const customer = { name, contact: { email: 'ada@example.com' }, addresses: [] };
      const { status, body } = await post(`http://127.0.0.1:${port}/accounts/customers`, customer);
      expect(status).toBe(201);
      return eventually(async () => {
        const found = (await readAll(bus!)).find(({ key }) => String(key) === (body as { id: string }).id);
        expect(found).toBeDefined();
        return found!;
      });
    };
    return { register, readiness: async () => (await get(`http://127.0.0.1:${managementPort}/health/ready`)).body };
  }

  async function readAll(bus: Bus): Promise<readonly LoggedRecord[]> {
    const records: LoggedRecord[] = [];
    const reader = await bus.read([TOPIC], (more) => Promise.resolve(void records.push(...more)));
    await reader.caughtUp();
    await reader.stop();
    return records;
  }

  it('are the GUIDs of the registry, in the form of the header of Confluent’s clients', async () => {
    await publishAll();
    const ids = lookUp();

    await eventually(() => expect(lines.map(({ msg }) => msg)).toEqual([WITH]));
    expect(ids.of(REGISTERED)).toEqual(headerOf(SUBJECT));
    expect(ids.of(REGISTERED)).toHaveLength(17);
    expect(ids.of('urn:schema:accounts.customer.registered:v9')).toBeUndefined();
    expect(await ids.check()).toEqual({ up: true });
  });

  it.each<Illness>(['never', 'page', 'half', 'failing'])(
    'are looked up until a registry that answers badly (%s) is well again, which is logged once',
    async (illness) => {
      await publishAll();
      registry.illness = illness;
      const ids = lookUp();
      const asked = registry.requests.length;
      await eventually(() => expect(registry.requests.length).toBeGreaterThan(asked + 3));
      expect(ids.of(REGISTERED)).toBeUndefined();
      expect(await ids.check()).toMatchObject({ up: false });

      registry.illness = undefined;
      await eventually(() => expect(ids.of(REGISTERED)).toEqual(headerOf(SUBJECT)));
      await eventually(() => expect(lines.map(({ msg }) => msg)).toEqual([WITHOUT, WITH]));
    },
  );

  it('are looked up until the schemas are published, and again when the registry is back', async () => {
    const ids = lookUp();
    await eventually(() => expect(lines[0]?.reason).toMatch(/^accounts\.customer\.v1: is missing .*schemas publish$/));
    const { port } = registry;
    await registry.stop();
    await eventually(() => expect(lines.at(-1)?.reason).toMatch(/does not answer/));
    registry = await StandInRegistry.start(port);
    await publishAll();

    await eventually(() => expect(ids.of(REGISTERED)).toEqual(headerOf(SUBJECT)));
  });

  it('are unknown with a wrong password, or in a registry without GUIDs', async () => {
    await publishAll();
    registry.hasGuids = false;
    const ids = lookUp();
    await eventually(() => expect(lines.at(-1)?.reason).toMatch(/has no GUIDs/));
    registry.login = { username: 'KEY', password: PASSWORD };
    const others = lookUp({ username: 'KEY', password: `${PASSWORD}2` });
    const refused = expect.stringMatching(/does not accept them \(401\)$/) as unknown;
    await eventually(() => expect(lines.map(({ reason }) => reason)).toContainEqual(refused));

    expect([ids.of(REGISTERED), others.of(REGISTERED)]).toEqual([undefined, undefined]);
  });

  it('are in the headers of published events, once they are known', async () => {
    await publishAll();
    const { register, readiness } = await serve({ SCHEMA_REGISTRY_URL: registry.url });
    await eventually(() => expect(lines.map(({ msg }) => msg)).toContain(WITH));

    const { headers, value } = await register();
    expect(headers).toMatchObject({ ce_dataschema: REGISTERED, __value_schema_id: headerOf(SUBJECT) });
    expect(JSON.parse(String(value))).toMatchObject({ specversion: '1.0', dataschema: REGISTERED });
    expect(await readiness()).toMatchObject({ status: 'ready', dependencies: { 'schema-registry': { up: true } } });
  });

  it('are missing while the registry is away, which keeps no event from being published', async () => {
    registry.illness = 'never';
    const { register, readiness } = await serve({ SCHEMA_REGISTRY_URL: registry.url });

    expect((await register()).headers).not.toHaveProperty('__value_schema_id');
    registry.illness = 'failing';
    await registry.stop();
    await eventually(async () => expect(await readiness()).toMatchObject({ status: 'degraded' }));
    expect((await register()).headers).not.toHaveProperty('__value_schema_id');
  });

  it('are not looked up without a registry', async () => {
    const { register, readiness } = await serve({});

    expect((await register()).headers).not.toHaveProperty('__value_schema_id');
    expect(((await readiness()) as { dependencies: object }).dependencies).not.toHaveProperty('schema-registry');
    expect(registry.requests).toEqual([]);
  });
});
