/** @typedef {import('./facts.mjs').Call} Call */

/** @param {Call} call */
export const isWrite = ({ kind }) => !kind.startsWith('read');

/** Collects the calls of all clients, in the order in which they ended. */
export class Recorder {
  /** @type {Call[]} */
  calls = [];

  /** @param {Call} call */
  record(call) {
    this.calls.push(call);
  }
}
