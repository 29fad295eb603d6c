import { expect } from '@jest/globals';
import { CONTEXTS } from '../../src/contexts.js';
import { openEmbeddedDatabase } from '../../src/platform/embedded/database.js';
import { EmbeddedLinks } from '../../src/platform/embedded/links.js';
import { parseConfig } from '../../src/platform/operating/config/config.js';
import { backendsOf } from '../../src/platform/process/backends.js';
import { verify } from '../../src/platform/rebuilding/verify.js';
import { silentLogger } from '../../src/platform/testing/silent-logger.js';
import { type Settings, withMasterKeys } from './run-process.js';

/**
 * Expects what the command `verify` checks of every context, in this process: a command of its own takes two seconds.
 */
export async function expectVerified(settings: Settings): Promise<void> {
  const backends = backendsOf(parseConfig(withMasterKeys(settings)), silentLogger);
  const bus = await backends.openBus();
  try {
    for (const context of CONTEXTS) {
      const [database, scratch] = [await backends.openDatabase(context.name), await openEmbeddedDatabase('memory')];
      const findings: unknown[] = [];
      const find = (finding: unknown) => void findings.push(finding);
      await verify({
        ...{ bus, live: context.open(database).replayable, expected: context.open(scratch).replayable },
        ...{ links: new EmbeddedLinks(scratch.level), lagToleranceMs: 5_000, allowUnhashed: false },
        signal: new AbortController().signal,
        ...{ onFault: find, onRefused: find, onConflict: find, onDifference: find },
      });
      await database.close();
      await scratch.close();
      expect({ context: context.name, findings }).toEqual({ context: context.name, findings: [] });
    }
  } finally {
    await bus.close();
  }
}
