import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Flow } from './api.js';
import { flowAt, type Flowing, type Sample } from './flow.js';

/** Milliseconds between two samples: what happens is seen within a second. */
const SAMPLE_INTERVAL_MS = 800;

/** Settings of a {@link FlowWatch}. */
export interface FlowWatchOptions {
  /** Takes a sample. Never throws, and never takes long. */
  readonly sample: () => Promise<Sample>;
  readonly logger: Logger;
}

type Viewer = (flow: Flow) => void;

/** Samples the system more than once a second while somebody watches, whatever the number of viewers. */
export class FlowWatch {
  private readonly viewers = new Set<Viewer>();
  private latest: Flowing | undefined;
  private running: Promise<void> | undefined;

  constructor(private readonly options: FlowWatchOptions) {}

  /** Calls `viewer` with every flow from now on, and returns what ends that. */
  watch(viewer: Viewer): () => void {
    this.viewers.add(viewer);
    if (this.latest) viewer(this.latest.flow);
    this.running ??= this.run();
    return () => this.viewers.delete(viewer);
  }

  /** Number of viewers. */
  get count(): number {
    return this.viewers.size;
  }

  private async run(): Promise<void> {
    while (this.viewers.size > 0) {
      const startedAt = performance.now();
      try {
        this.latest = flowAt(await this.options.sample(), this.latest);
        for (const viewer of this.viewers) viewer(this.latest.flow);
      } catch (error) {
        this.options.logger.warn({ err: error }, 'the console cannot take a sample');
      }
      await sleep(Math.max(100, SAMPLE_INTERVAL_MS - (performance.now() - startedAt)), undefined, { ref: false });
    }
    this.latest = undefined;
    this.running = undefined;
  }
}
