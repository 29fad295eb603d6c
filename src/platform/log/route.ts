/**
 * The way of a reader through one partition: from its first record to its end, or in windows, the newest first. The
 * records of a window are read in order. After the oldest window it goes on with what was appended meanwhile.
 */
export class Route {
  /** Offset of the next record to read. */
  next: number;
  /** Offset before which to stop, and to leave for another window; infinite once no window is left. */
  until: number;
  /** Offset where the windows end. */
  private readonly turn: number;
  /** Offset of the first record of the current window. */
  private from: number;

  /**
   * @param first offset of the oldest record to read
   * @param end offset after the newest record, as last looked up
   * @param window records of a window; infinite for a way without windows
   */
  constructor(
    readonly first: number,
    public end = first,
    private readonly window = Infinity,
  ) {
    this.turn = end;
    this.from = this.next = Math.max(first, end - window);
    this.until = this.from > first ? end : Infinity;
  }

  /** Number of records read so far. */
  get read(): number {
    const { first, next, until, turn, from } = this;
    return until === Infinity ? Math.min(next, this.end) - first : turn - until + Math.min(next, until) - from;
  }

  /** Offset up to which every record has been read. */
  get complete(): number {
    return this.until === Infinity ? this.next : this.first;
  }

  /** Moves on to an offset. Returns true if the next record is somewhere else, because a window has ended. */
  advance(offset: number): boolean {
    this.next = Math.max(this.next, offset);
    if (this.next < this.until) return false;
    if (this.from > this.first) {
      this.until = this.from;
      this.from = this.next = Math.max(this.first, this.from - this.window);
    } else {
      this.until = Infinity;
      [this.from, this.next] = [this.first, this.turn];
    }
    return true;
  }

  /** True when every record before an offset has been read. */
  hasReached(end: number): boolean {
    return this.until === Infinity && this.next >= end;
  }
}
