// The data about dead letters that the console's page gets as JSON. It imports nothing, so that the page can share it.

export type LetterState = 'pending' | 'redriven' | 'discarded';

/** Dead letters with the same reason, or of the same type of event. */
export interface LetterGroup {
  /** Undefined: the record is no event. */
  readonly name?: string;
  readonly count: number;
  readonly firstTime: string;
  readonly lastTime: string;
}

/** The dead letters of one subscription. */
export interface LettersOfTopic {
  readonly module: string;
  readonly topic: string;
  readonly counts: Readonly<Record<LetterState, number>>;
  /** Of the pending ones. */
  readonly reasons: readonly LetterGroup[];
  readonly types: readonly LetterGroup[];
}

export interface LetterView {
  readonly id: string;
  readonly key?: string;
  readonly type?: string;
  readonly version?: number;
  readonly reason: string;
  readonly attempts: number;
  /** RFC 3339; when it was sent to the dead-letter topic. */
  readonly time: string;
  readonly bytes: number;
  readonly state: LetterState;
  /** A newer event has made up for it. */
  readonly isHealed: boolean;
  readonly discarded?: { readonly time: string; readonly reason: string; readonly actor?: string };
}

export interface LetterPage {
  readonly items: readonly LetterView[];
  readonly next?: string;
}

/** What was done with one dead letter. */
export interface LetterOutcome {
  readonly id: string;
  readonly outcome: 'redriven' | 'failed' | 'discarded' | 'unchanged';
  readonly reason?: string;
  readonly state?: LetterState;
}
