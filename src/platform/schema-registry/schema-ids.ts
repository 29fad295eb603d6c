import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { SchemaIdOf } from '../event/event-record.js';
import type { EventStream } from '../event/event-stream.js';
import type { Dependency, DependencyHealth } from '../tools/dependency.js';
import type { RegistryClient } from './registry-client.js';
import { findSubject, type NotFound, type Versions } from './find-subject.js';
import { subjectsOf } from './subjects.js';

const RETRY_AFTER_MS = 10_000;

/**
 * The ids of the schemas of published events. They are looked up in the background, and never change: until one is known,
 * records are published without it.
 */
export class SchemaIds implements Dependency {
  readonly name = 'schema-registry';
  private readonly headers = new Map<string, Buffer>();
  /** Why some ids are not known yet. */
  private obstacle: string | undefined;

  constructor(
    private readonly registry: RegistryClient,
    private readonly streams: readonly EventStream[],
    private readonly logger: Logger,
    private readonly retryAfterMs = RETRY_AFTER_MS,
  ) {}

  readonly of: SchemaIdOf = (dataschema) => this.headers.get(dataschema);

  /** Events are published without it. */
  required(): boolean {
    return false;
  }

  check(): Promise<DependencyHealth> {
    return Promise.resolve(this.obstacle === undefined ? { up: true } : { up: false, detail: this.obstacle });
  }

  /** Resolves when all ids are known, or `signal` is aborted. Never throws. */
  async lookUp(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const obstacle = await this.lookUpAll();
      if (obstacle !== undefined && obstacle !== this.obstacle) {
        this.logger.warn({ reason: obstacle }, 'events are published without the ids of their schemas');
      }
      this.obstacle = obstacle;
      if (obstacle === undefined) {
        this.logger.info({ schemas: this.headers.size }, 'events are published with the ids of their schemas');
        return;
      }
      await sleep(this.retryAfterMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Returns why some ids are still unknown. */
  private async lookUpAll(): Promise<string | undefined> {
    const versions: Versions = new Map();
    let obstacle: string | undefined;
    try {
      for (const subject of this.streams.flatMap(subjectsOf)) {
        const found = await findSubject(this.registry, subject, versions);
        if (typeof found === 'string') obstacle ??= describe(subject.subject, found);
        else if (found.guid === undefined) obstacle ??= 'the schema registry has no GUIDs: it is too old for this';
        else this.headers.set(subject.id, toHeader(found.guid));
      }
    } catch (error) {
      obstacle = (error as Error).message;
    }
    return obstacle;
  }
}

/** Returns the header as Confluent's HeaderSchemaIdSerializer writes it: the version 1, and the GUID. */
function toHeader(guid: string): Buffer {
  return Buffer.concat([Buffer.of(1), Buffer.from(guid.replaceAll('-', ''), 'hex')]);
}

function describe(subject: string, found: NotFound): string {
  return `${subject}: is ${found} in the schema registry; see the command schemas publish`;
}
