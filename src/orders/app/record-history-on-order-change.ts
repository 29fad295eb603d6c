import type { HistoryEntry } from '../../platform/history/history.js';
import type { OrderHistory } from './ports.js';

/** Keeps the audit of orders as the log states it. Without the states: nobody asks for those of the past. */
export class RecordHistoryOnOrderChange {
  constructor(private readonly history: OrderHistory) {}

  execute(entries: readonly HistoryEntry[]): Promise<void> {
    return this.history.append(entries.map(({ state: _, ...chain }) => chain));
  }
}
