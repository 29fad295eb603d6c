import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
/** The module of kafkajs that fetches for a consumer. */
export const RUNNER_MODULE = 'kafkajs/src/consumer/runner.js';
let isPatched = false;

interface Runner {
  readonly running: boolean;
  fetch(nodeId: number): Promise<unknown>;
}

/**
 * Patches kafkajs, so that the fetch loops of a stopped consumer end. When brokers come or go, a consumer replaces its
 * loops, one for each broker, after the last answer has arrived. If it is stopped meanwhile, it starts the new ones all
 * the same: they fetch nothing, again and again, without a pause in which anything else of the process could run. See
 * docs/patched-packages.md.
 * @throws Error when kafkajs does not have the patched method
 */
export function endStoppedFetches(): void {
  if (isPatched) return;
  isPatched = true;
  const { prototype } = require(RUNNER_MODULE) as { readonly prototype?: Partial<Runner> };
  const fetch = prototype?.fetch;
  if (!prototype || !fetch) throw new Error('unsupported kafkajs: Runner.fetch is missing (docs/patched-packages.md)');
  prototype.fetch = async function (this: Runner, nodeId) {
    // It repeats the attempt after a retriable error, and finds then that it was stopped.
    if (!this.running) throw Object.assign(new Error('the consumer was stopped'), { retriable: true });
    return fetch.call(this, nodeId);
  };
}
