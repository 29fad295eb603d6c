import { expect } from '@jest/globals';
import { CONTEXTS } from '../../src/contexts.js';
import type { Context } from '../../src/platform/context/define-context.js';
import { parseConfig } from '../../src/platform/operating/config/config.js';
import { backendsOf } from '../../src/platform/process/backends.js';
import type { RefusedRecord } from '../../src/platform/rebuilding/projector.js';
import { verify } from '../../src/platform/rebuilding/verify.js';
import { silentLogger } from '../../src/platform/testing/silent-logger.js';
import { type Places, withRebuildable } from './rebuildable.js';
import { type Settings, withMasterKeys } from './run-process.js';

/** What a verification of one context found. */
export interface Verified {
  /** Faults, conflicts, differences and lost keys. */
  readonly findings: unknown[];
  readonly unreadable: RefusedRecord[];
}

/** Where a verification finds everything. */
export interface Verifiable extends Places {
  /** How long a copy may lag behind the log before it counts as different (default: 5 s). */
  readonly lagToleranceMs?: number;
}

/** Does what the command `verify` does. */
export async function verified(context: Context, verifiable: Verifiable): Promise<Verified> {
  const { bus, lagToleranceMs = 5_000 } = verifiable;
  const found: Verified = { findings: [], unreadable: [] };
  const find = (finding: unknown) => void found.findings.push(finding);
  await withRebuildable(context, verifiable, async ({ rebuildable, scratch, links, signal }) => {
    const { live, open, countLostKeys } = rebuildable;
    await verify({
      ...{ bus, live: live.replayable, expected: open(scratch).replayable },
      ...{ links, lagToleranceMs, allowUnhashed: false, signal },
      onRefused: (record) => found.unreadable.push(record),
      ...{ onFault: find, onConflict: find, onDifference: find },
    });
    if (countLostKeys() > 0) find(`${countLostKeys()} keys are lost`);
  });
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
