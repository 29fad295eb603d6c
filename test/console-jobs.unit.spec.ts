import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CONTEXTS } from '../src/contexts.js';
import { Actions } from '../src/platform/console/actions.js';
import { Jobs } from '../src/platform/console/jobs.js';
import type { Context } from '../src/platform/context/define-context.js';
import type { Database } from '../src/platform/context/database.js';
import type { Connections } from '../src/platform/maintenance/connections.js';
import { KeyRing } from '../src/platform/privacy/key-ring.js';
import { MasterKeys } from '../src/platform/privacy/master-keys.js';
import { silentLogger } from '../src/platform/testing/silent-logger.js';
import { call, get } from './support/http.js';
import { MemorySystem } from './support/memory-system.js';
import { customerInput } from './support/requests.js';

describe('a job of the console', () => {
  let system: MemorySystem;
  let id: string;

  beforeAll(async () => {
    system = await MemorySystem.open();
    await system.start();
    const created = await call('POST', `${system.url}/accounts/customers`, { body: customerInput('Lovelace') });
    id = created.body.id as string;
    await system.expectVerified();
  });

  afterAll(() => system.stop());

  /** @param onFenced called when writes are blocked */
  function connections(onFenced: () => void): Connections {
    const database = system.databaseOf('accounts');
    const beginRebuild: Database['beginRebuild'] = async (collections) => {
      const rebuild = await database.beginRebuild(collections);
      const fence = () => rebuild.fence().then(onFenced);
      return { database: rebuild.database, fence, swap: () => rebuild.swap(), discard: () => rebuild.discard() };
    };
    return {
      context: CONTEXTS.find(({ name }) => name === 'accounts') as Context,
      bus: system.bus,
      database: { ...database, beginRebuild },
      logger: silentLogger,
      openPrivacy: () => Promise.resolve({ ring: new KeyRing(new MasterKeys(system.masterKeys)), seals: true }),
    };
  }

  function jobsOf(stopping: AbortSignal): { jobs: Jobs; actions: Actions } {
    const { bus } = system;
    const actions = new Actions({ bus, stopping, logger: silentLogger });
    return {
      actions,
      jobs: new Jobs({ actions, bus, stopping, isShared: false, logger: silentLogger, instance: 'one' }),
    };
  }

  it('is aborted when the process stops, and leaves no write fence behind', async () => {
    const stopping = new AbortController();
    const { jobs, actions } = jobsOf(stopping.signal);
    await jobs.start(
      'replay',
      connections(() => stopping.abort(new Error('the process is stopping'))),
      undefined,
    );
    await jobs.settled();

    const outcome = 'aborted, because the process stopped; nothing was changed';
    expect(jobs.views).toMatchObject([{ outcome: 'aborted', summary: outcome }]);
    expect(await actions.newest()).toMatchObject([{ action: 'replay', outcome }]);
    const url = `${system.url}/accounts/customers/${id}`;
    expect(await call('PATCH', url, { body: { name: { title: 'Countess' } } })).toMatchObject({ status: 200 });
    expect((await get(url)).body).toMatchObject({ version: 2 });
  });

  it('is not aborted once it has ended', async () => {
    const { jobs, actions } = jobsOf(new AbortController().signal);
    const { id: job } = await jobs.start(
      'verify',
      connections(() => undefined),
      'ada',
    );
    await jobs.settled();

    await expect(jobs.abort(job, 'ada')).rejects.toMatchObject({ kind: 'conflict', code: 'job-ended' });
    expect(jobs.views).toMatchObject([{ id: job, outcome: 'done' }]);
    const [newest] = await actions.newest();
    expect(newest).toMatchObject({ action: 'verify', actor: 'ada' });
  });

  it('runs alone on its module', async () => {
    const { jobs } = jobsOf(new AbortController().signal);
    const own = connections(() => undefined);
    await jobs.start('verify', own, undefined);
    await expect(jobs.start('replay', own, undefined)).rejects.toMatchObject({ code: 'job-running' });
    await jobs.settled();
  });
});
