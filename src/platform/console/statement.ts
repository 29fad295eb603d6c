import { z } from 'zod';
import type { InstanceStatus } from './flow.js';
import { stated } from './stated.js';

const TEXT = z.string().catch('');
const COUNT = z.number().nonnegative().catch(0);

/** Instances of other builds may state themselves otherwise: a part that does not fit is left out. */
const STATEMENT = z.object({
  id: z.string().min(1).max(100),
  at: z.iso.datetime(),
  modules: z.array(z.string()),
  ...{ name: TEXT, version: TEXT, commit: TEXT, startedAt: TEXT },
  ...{ memoryBytes: COUNT, commands: COUNT, reads: COUNT, failures: COUNT },
  status: z.enum(['ready', 'degraded', 'not-ready']).catch('not-ready'),
  down: z.record(z.string(), z.string()).catch({}),
  settings: z.record(z.string(), z.string()).catch({}),
  publishedBytes: z.record(z.string(), z.number()).catch({}),
  consumers: z
    .array(
      z.object({
        group: z.string(),
        partitions: z.record(z.string(), z.array(z.number())),
        restarts: z.number(),
        isUp: z.boolean(),
        detail: z.string().optional(),
      }),
    )
    .catch([]),
  outboxes: z
    .array(
      z.object({
        topic: z.string(),
        events: z.number().optional(),
        isMore: z.literal(true).optional(),
        oldestSeconds: z.number().optional(),
        asOf: z.string().optional(),
        setAside: z.number(),
      }),
    )
    .catch([]),
  copies: z.array(z.object({ module: z.string(), collection: z.string(), documents: z.number() })).catch([]),
  jobs: z
    .array(
      z.object({
        id: z.string(),
        kind: z.enum(['verify', 'replay-rehearsal', 'replay', 'republish-rehearsal', 'republish']),
        module: z.string(),
        instance: z.string(),
        actor: z.string().optional(),
        startedAt: z.string(),
        endedAt: z.string().optional(),
        phase: z.string(),
        read: z.number(),
        total: z.number(),
        outcome: z.enum(['done', 'findings', 'failed', 'aborted']).optional(),
        findings: z.array(z.string()),
        summary: z.string().optional(),
      }),
    )
    .catch([]),
});

/** Returns what an instance states in a record; undefined if it is no statement. */
export function parseStatement(value: Buffer | null): InstanceStatus | undefined {
  return stated(STATEMENT, value) as InstanceStatus | undefined;
}
