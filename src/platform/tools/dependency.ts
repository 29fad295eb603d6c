import { unavailable } from './errors.js';

/** Whether a dependency of the process is available; `detail` gives the reason if not, without secrets. */
export interface DependencyHealth {
  readonly up: boolean;
  readonly detail?: string;
}

export interface Dependency {
  readonly name: string;
  /** If true, the process cannot serve while the dependency is down; otherwise it serves, and reports `degraded`. */
  readonly required: () => boolean;
  check(): Promise<DependencyHealth>;
}

/** @throws PlatformError `unavailable`, with the reason, when the dependency is down */
export async function expectUp(dependency: { check(): Promise<DependencyHealth> }): Promise<void> {
  const { up, detail } = await dependency.check();
  if (!up) throw unavailable(detail ?? 'a dependency is away');
}
