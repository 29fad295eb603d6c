import type { Flow, Session } from '../api.js';

/** What every view gets. */
export interface ViewProps {
  readonly session: Session;
  readonly flows: readonly Flow[];
  /** The parts of the address after the name of the view. */
  readonly path: readonly string[];
}
