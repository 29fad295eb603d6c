import { expect } from '@jest/globals';
import { CONTEXTS } from '../../src/contexts.js';
import { withKeysOfLog } from '../../src/platform/commands/connections.js';
import { openEmbeddedDatabase } from '../../src/platform/embedded/database.js';
import { EmbeddedLinks } from '../../src/platform/embedded/links.js';
import { parseConfig } from '../../src/platform/operating/config/config.js';
import { backendsOf } from '../../src/platform/process/backends.js';
import { verify } from '../../src/platform/rebuilding/verify.js';
import { silentLogger } from '../../src/platform/testing/silent-logger.js';
import { type Settings, withMasterKeys } from './run-process.js';

/**
 * Expects what the command `verify` checks of every context, in this process: a command of its own takes two seconds.
 * @param unreadable number of records that each context cannot read, which are in its dead letters
 */
export async function expectVerified(settings: Settings, { unreadable = 0 } = {}): Promise<void> {
  const config = parseConfig(withMasterKeys(settings));
  const backends = backendsOf(config, silentLogger);
  const bus = await backends.openBus();
  try {
    for (const context of CONTEXTS) {
      const [database, scratch] = [await backends.openDatabase(context.name), await openEmbeddedDatabase('memory')];
      const findings: unknown[] = [];
      const refused: unknown[] = [];
      const find = (finding: unknown) => void findings.push(finding);
      const signal = new AbortController().signal;
      const connections = { context, config, bus, database, logger: silentLogger, interrupted: signal };
      const openKeyWrapper = () => backends.openKeyWrapper();
      await withKeysOfLog({ ...connections, openKeyWrapper }, scratch, async ({ live, open, countLostKeys }) => {
        await verify({
          ...{ bus, live: live.replayable, expected: open(scratch).replayable },
          ...{ links: new EmbeddedLinks(scratch.level), lagToleranceMs: 5_000, allowUnhashed: false, signal },
          onRefused: (record) => refused.push(record),
          ...{ onFault: find, onConflict: find, onDifference: find },
        });
        if (countLostKeys() > 0) find(`${countLostKeys()} keys are lost`);
      });
      await database.close();
      await scratch.close();
      if (refused.length !== unreadable) find(refused);
      expect({ context: context.name, findings }).toEqual({ context: context.name, findings: [] });
    }
  } finally {
    await bus.close();
  }
}
