/** Lets writes through, or holds them back. */
export class WriteFence {
  private inFlight = 0;
  private raised: { readonly lifted: Promise<void>; readonly lift: () => void } | undefined;
  private onDrained: () => void = () => undefined;

  /** Runs a write once no fence is raised. */
  pass<T>(write: () => Promise<T>): Promise<T> {
    if (this.raised) return this.raised.lifted.then(() => this.pass(write));
    this.inFlight += 1;
    return write().finally(() => {
      this.inFlight -= 1;
      if (this.inFlight === 0) this.onDrained();
    });
  }

  /** Holds further writes back. Resolves when those in flight have finished. */
  async raise(): Promise<void> {
    let lift = (): void => undefined;
    const lifted = new Promise<void>((resolve) => (lift = resolve));
    this.raised ??= { lifted, lift };
    if (this.inFlight > 0) await new Promise<void>((resolve) => (this.onDrained = resolve));
  }

  /** Lets the writes go on that were held back. Does nothing if no fence is raised. */
  lift(): void {
    const { raised } = this;
    this.raised = undefined;
    raised?.lift();
  }
}
