import type { AbstractLevel } from 'abstract-level';

export type Level = AbstractLevel<string | Buffer | Uint8Array, string, string>;

/** A level on disk can remove overwritten and deleted values; one in memory has none. */
export type CompactableLevel = Level & { compactRange?(start: string, end: string): Promise<void> };
