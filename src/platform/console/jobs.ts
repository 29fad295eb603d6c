import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Bus } from '../log/bus.js';
import type { Connections } from '../maintenance/connections.js';
import type { Run } from '../maintenance/run.js';
import { PlatformError } from '../tools/errors.js';
import { listenForAborts } from './aborts.js';
import { type Action, type Actions, describeFailure } from './actions.js';
import type { JobKind, JobView } from './api.js';
import { type Outcome, runJob } from './run-job.js';

/** Finished jobs that are shown. */
const MAX_FINISHED = 10;
const FOLLOW_INTERVAL_MS = 250;
const MAX_FINDINGS = 100;

/** What jobs need of the process. */
export interface JobsOptions {
  readonly actions: Actions;
  readonly bus: Bus;
  /** True if other instances may ask for an abort. */
  readonly isShared: boolean;
  readonly logger: Logger;
  /** Name of this instance. */
  readonly instance: string;
  /** Aborted when the process stops, which aborts the jobs. */
  readonly stopping: AbortSignal;
}

interface Job {
  view: JobView;
  readonly aborting: AbortController;
  /** Resolves when the job has ended and its outcome is written. */
  settled: Promise<void>;
}

/** The runs on modules that this process was asked for: at most one a module at a time. */
export class Jobs {
  private readonly jobs = new Map<string, Job>();

  constructor(private readonly options: JobsOptions) {}

  /** The running and the last finished ones, the newest first. */
  get views(): readonly JobView[] {
    return [...this.jobs.values()].map(({ view }) => view).reverse();
  }

  /**
   * Starts a run, which is written to the audit list, and returns it.
   * @throws PlatformError `conflict` while another one runs on the module, `unavailable` when the log does not answer
   */
  async start(kind: JobKind, connections: Connections, actor: string | undefined): Promise<JobView> {
    const module = connections.context.name;
    if (this.views.some((each) => each.module === module && each.outcome === undefined)) {
      throw new PlatformError('conflict', 'job-running', `another job runs on ${module}; abort it, or wait for it`);
    }
    const view: JobView = {
      ...{ id: randomUUID(), kind, module, instance: this.options.instance },
      ...(actor !== undefined && { actor }),
      ...{ startedAt: new Date().toISOString(), phase: 'starting', read: 0, total: 0, findings: [] },
    };
    const job: Job = { view, aborting: new AbortController(), settled: Promise.resolve() };
    this.jobs.set(view.id, job);
    const action = { actor, action: kind, target: module };
    try {
      const actionId = await this.options.actions.begin(action);
      job.settled = this.run(job, connections, actionId, action);
    } catch (error) {
      this.jobs.delete(view.id);
      throw error;
    }
    return job.view;
  }

  /**
   * Aborts a job of this or of another instance, which is written to the audit list.
   * @throws PlatformError `conflict` when this instance's job has ended, `unavailable` when the log does not answer
   */
  async abort(id: string, actor: string | undefined): Promise<void> {
    const { actions } = this.options;
    if (this.jobs.get(id)?.view.outcome !== undefined) {
      throw new PlatformError('conflict', 'job-ended', 'the job has ended');
    }
    await actions.record(
      { actor, action: 'abort', target: id },
      () => Promise.resolve(),
      () => 'asked for',
    );
    this.jobs.get(id)?.aborting.abort(new Aborted('aborted'));
  }

  /** Resolves when all jobs have ended. */
  async settled(): Promise<void> {
    await Promise.all([...this.jobs.values()].map(({ settled }) => settled));
  }

  private async run(job: Job, connections: Connections, actionId: string, action: Action): Promise<void> {
    const { actions, bus, isShared, logger, stopping } = this.options;
    const { id, kind, module } = job.view;
    const change = (more: Partial<JobView>) => (job.view = { ...job.view, ...more });
    const ended = new AbortController();
    const onAbort = () => job.aborting.abort(new Aborted('aborted'));
    if (isShared) void listenForAborts(bus, logger, { id, onAbort, ended: ended.signal });
    const signal = AbortSignal.any([job.aborting.signal, stopping]);
    let outcome: Outcome;
    try {
      outcome = await runJob(kind, connections, this.followed(signal, change));
    } catch (error) {
      const isAborted = signal.aborted && error === signal.reason;
      if (!isAborted) logger.warn({ err: error, job: kind, module }, 'job failed');
      outcome = isAborted
        ? { outcome: 'aborted', summary: describeAbort(kind, error) }
        : { outcome: 'failed', summary: describeFailure(error) };
    }
    change({ ...outcome, phase: 'ended', endedAt: new Date().toISOString() });
    ended.abort();
    this.forgetOld();
    await actions.end(actionId, action, outcome.summary, job.view.findings);
  }

  private followed(signal: AbortSignal, change: (more: Partial<JobView>) => JobView): Run {
    const findings: string[] = [];
    return {
      signal,
      during: async (phase, work, progress) => {
        const follow = () => change({ phase, ...(progress?.() ?? {}) });
        follow();
        const timer = setInterval(follow, FOLLOW_INTERVAL_MS);
        try {
          return await work();
        } finally {
          clearInterval(timer);
          follow();
        }
      },
      onFinding: ({ sentence }) => {
        if (findings.length === MAX_FINDINGS) return;
        findings.push(sentence);
        change({ findings: [...findings] });
      },
    };
  }

  private forgetOld(): void {
    const finished = [...this.jobs].filter(([, { view }]) => view.outcome !== undefined);
    for (const [id] of finished.slice(0, -MAX_FINISHED)) this.jobs.delete(id);
  }
}

class Aborted extends Error {}

function describeAbort(kind: JobKind, reason: unknown): string {
  const why = reason instanceof Aborted ? 'aborted' : 'aborted, because the process stopped';
  return `${why}; ${kind === 'republish' ? 'what was published is in the log' : 'nothing was changed'}`;
}
