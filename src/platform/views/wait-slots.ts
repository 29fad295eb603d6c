import { requestContext } from '../tools/request-context.js';

/** Most requests that may wait at the same time. */
export interface WaitLimits {
  readonly perProcess: number;
  /** Of one caller, if it is known. */
  readonly perCaller: number;
}

/** Bounds how many requests wait for something to arrive, so that waiting requests leave room for all others. */
export class WaitSlots {
  private taken = 0;
  private readonly byCaller = new Map<string, number>();

  constructor(private readonly limits: WaitLimits) {}

  /** Returns the function that frees the slot; undefined if there is none for the caller of the current request. */
  take(): (() => void) | undefined {
    const { perProcess, perCaller } = this.limits;
    const caller = requestContext()?.actor;
    const own = caller === undefined ? 0 : (this.byCaller.get(caller) ?? 0);
    if (this.taken >= perProcess || own >= perCaller) return undefined;
    this.count(caller, 1);
    return () => this.count(caller, -1);
  }

  private count(caller: string | undefined, change: number): void {
    this.taken += change;
    if (caller === undefined) return;
    const own = (this.byCaller.get(caller) ?? 0) + change;
    if (own === 0) this.byCaller.delete(caller);
    else this.byCaller.set(caller, own);
  }
}

/** The slots of the process. A gateway that allows 500 requests for an instance has room for others beside them. */
export const WAIT_SLOTS = new WaitSlots({ perProcess: 250, perCaller: 50 });
