import { expect } from '@jest/globals';
import { CONTEXTS } from '../../src/contexts.js';
import { withKeysOfLog } from '../../src/platform/commands/connections.js';
import { openEmbeddedDatabase } from '../../src/platform/embedded/database.js';
import { EmbeddedLinks } from '../../src/platform/embedded/links.js';
import type { Database } from '../../src/platform/context/database.js';
import type { Context } from '../../src/platform/context/define-context.js';
import type { Bus } from '../../src/platform/log/bus.js';
import { type Config, parseConfig } from '../../src/platform/operating/config/config.js';
import type { KeyWrapper } from '../../src/platform/privacy/key-wrapper.js';
import { backendsOf } from '../../src/platform/process/backends.js';
import type { RefusedRecord } from '../../src/platform/rebuilding/projector.js';
import { verify } from '../../src/platform/rebuilding/verify.js';
import { silentLogger } from '../../src/platform/testing/silent-logger.js';
import { type Settings, withMasterKeys } from './run-process.js';

/** What a verification of one context found. */
export interface Verified {
  /** Faults, conflicts, differences and lost keys. */
  readonly findings: unknown[];
  readonly unreadable: RefusedRecord[];
}

/** Where a verification finds the log, the databases and the master keys. */
export interface Verifiable {
  readonly config: Config;
  readonly bus: Bus;
  openDatabase(name: string): Promise<Database>;
  openKeyWrapper(): Promise<KeyWrapper>;
  /** How long a copy may lag behind the log before it counts as different (default: 5 s). */
  readonly lagToleranceMs?: number;
}

/** Does what the command `verify` does, in this process: a command of its own takes two seconds. */
export async function verified(
  context: Context,
  { config, bus, lagToleranceMs = 5_000, ...backends }: Verifiable,
): Promise<Verified> {
  const [database, scratch] = [await backends.openDatabase(context.name), await openEmbeddedDatabase('memory')];
  const found: Verified = { findings: [], unreadable: [] };
  const find = (finding: unknown) => void found.findings.push(finding);
  const signal = new AbortController().signal;
  const connections = { context, config, bus, database, logger: silentLogger, interrupted: signal };
  const openKeyWrapper = () => backends.openKeyWrapper();
  await withKeysOfLog({ ...connections, openKeyWrapper }, scratch, async ({ live, open, countLostKeys }) => {
    await verify({
      ...{ bus, live: live.replayable, expected: open(scratch).replayable },
      ...{ links: new EmbeddedLinks(scratch.level), lagToleranceMs, allowUnhashed: false, signal },
      onRefused: (record) => found.unreadable.push(record),
      ...{ onFault: find, onConflict: find, onDifference: find },
    });
    if (countLostKeys() > 0) find(`${countLostKeys()} keys are lost`);
  });
  await scratch.close();
  return found;
}

/**
 * Expects that `verify` finds nothing in any context.
 * @param unreadable number of records that each context cannot read, which are in its dead letters
 */
export async function expectVerified(settings: Settings, { unreadable = 0 } = {}): Promise<void> {
  const config = parseConfig(withMasterKeys(settings));
  const backends = backendsOf(config, silentLogger);
  const bus = await backends.openBus();
  try {
    for (const context of CONTEXTS) {
      const database = await backends.openDatabase(context.name);
      const openDatabase = () => Promise.resolve(database);
      const found = await verified(context, {
        ...{ config, bus, openDatabase, openKeyWrapper: () => backends.openKeyWrapper() },
      }).finally(() => database.close());
      const others = found.unreadable.length === unreadable ? [] : found.unreadable;
      expect({ context: context.name, findings: [...found.findings, ...others] }).toEqual({
        context: context.name,
        findings: [],
      });
    }
  } finally {
    await bus.close();
  }
}
