import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Bus } from '../log/bus.js';
import { readToEnd } from '../log/read-to-end.js';
import { ACTIONS_TOPIC, CONSOLE_TOPICS } from '../log/topics.js';
import { retryUntilDone } from '../tools/backoff.js';
import { isCodedError, unavailable } from '../tools/errors.js';
import { withTimeout } from '../tools/timeout.js';
import type { ActionView } from './api.js';
import { stated } from './stated.js';

const PUBLISH_TIMEOUT_MS = 5_000;
const NEWEST = 500;
const MAX_FINDINGS = 100;
/** Of every entry: entries are in one partition, and so in one order, however many the topic has. */
const KEY = Buffer.from('actions');

/** What somebody is about to do. */
export interface Action {
  /** The subject of the token; undefined without authentication. */
  readonly actor: string | undefined;
  /** `redrive`, `replay`. */
  readonly action: string;
  /** What it is done to, without personal data. */
  readonly target: string;
}

/** What {@link Actions} need of the process. */
export interface ActionsOptions {
  readonly bus: Bus;
  /** Aborted when the process stops. */
  readonly stopping: AbortSignal;
  readonly logger: Logger;
}

const ENTRY = z.object({
  ...{ id: z.string(), time: z.string(), actor: z.string().optional() },
  ...{ action: z.string(), target: z.string(), outcome: z.string() },
  findings: z.array(z.string()).optional(),
});

/** Returns an entry of the audit list; undefined if the record is none. */
export function parseAction(value: Buffer | null): ActionView | undefined {
  return stated(ENTRY, value) as ActionView | undefined;
}

/** The list of what people did in the console, in the log: who, when, what, and the outcome. */
export class Actions {
  private isCreated = false;

  constructor(private readonly options: ActionsOptions) {}

  /**
   * Writes that the action begins, runs it, and writes its outcome. An action that cannot be written is not done.
   * @param describe returns the outcome as a sentence without personal data
   * @throws PlatformError `unavailable` when the log does not answer, and the errors of `work`
   */
  async record<T>(action: Action, work: () => Promise<T>, describe: (result: T) => string): Promise<T> {
    const id = await this.begin(action);
    let result: T;
    try {
      result = await work();
    } catch (error) {
      await this.end(id, action, describeFailure(error));
      throw error;
    }
    await this.end(id, action, describe(result));
    return result;
  }

  /** Writes that an action begins, and returns its id. @throws PlatformError `unavailable` */
  async begin(action: Action): Promise<string> {
    const id = randomUUID();
    await this.write(toEntry(id, action, 'begun'));
    return id;
  }

  /**
   * Writes the outcome of an action that was begun. If the log does not take it, the process goes on trying. Never
   * throws: the action is done.
   */
  async end(id: string, action: Action, outcome: string, findings: readonly string[] = []): Promise<void> {
    const { stopping: signal, logger } = this.options;
    const entry = toEntry(id, action, outcome, findings);
    await this.write(entry).catch((error: unknown) => {
      logger.warn({ err: error, action: action.action }, 'cannot write an outcome to the audit list yet; retrying');
      void retryUntilDone(() => this.write(entry), { signal }).catch(() => undefined);
    });
  }

  /** Returns the newest actions, newest first. Clocks of instances may differ, so the log decides the order. */
  async newest(): Promise<readonly ActionView[]> {
    const found = new Map<string, ActionView>();
    await readToEnd(
      this.options.bus,
      [ACTIONS_TOPIC],
      (records) => {
        for (const { value } of records) {
          const entry = parseAction(value);
          // The time of the beginning, the outcome of the end.
          if (entry) found.set(entry.id, { ...entry, time: found.get(entry.id)?.time ?? entry.time });
        }
        return Promise.resolve();
      },
      { newest: NEWEST },
    );
    return [...found.values()].reverse();
  }

  private async write(entry: ActionView): Promise<void> {
    const { bus } = this.options;
    const record = { key: KEY, value: Buffer.from(JSON.stringify(entry)), headers: {} };
    const publish = async () => {
      if (!this.isCreated) await bus.createTopics([...CONSOLE_TOPICS.keys()], CONSOLE_TOPICS);
      this.isCreated = true;
      await bus.publish(ACTIONS_TOPIC, [record]);
    };
    try {
      await withTimeout(PUBLISH_TIMEOUT_MS, publish());
    } catch (error) {
      // A Kafka that was restored may lack the topic.
      this.isCreated = false;
      throw isCodedError(error) ? error : unavailable('the log does not take the entry of the audit list', error);
    }
  }
}

function toEntry(
  id: string,
  { actor, action, target }: Action,
  outcome: string,
  findings: readonly string[] = [],
): ActionView {
  return {
    ...{ id, time: new Date().toISOString() },
    ...(actor !== undefined && { actor }),
    ...{ action, target, outcome },
    ...(findings.length > 0 && { findings: findings.slice(0, MAX_FINDINGS) }),
  };
}

/** Returns a failure as an outcome. Only messages that are meant for callers are without values. */
export function describeFailure(error: unknown): string {
  return `failed: ${isCodedError(error) ? error.message : (error as Error).name}`;
}
