import { unavailable } from './errors.js';

/** Whether something the process needs is there; `detail` says why not, without secrets. */
export interface DependencyHealth {
  readonly up: boolean;
  readonly detail?: string;
}

export interface Dependency {
  readonly name: string;
  /** When it is down the process cannot serve at all; otherwise it serves, and says that it is degraded. */
  readonly required: () => boolean;
  check(): Promise<DependencyHealth>;
}

/** @throws PlatformError `unavailable`, which says why, when it is not there. */
export async function expectUp(dependency: { check(): Promise<DependencyHealth> }): Promise<void> {
  const { up, detail } = await dependency.check();
  if (!up) throw unavailable(detail ?? 'a dependency is away');
}
