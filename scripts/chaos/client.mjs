/** A client gives up; what it asked for may happen all the same. */
const TIMEOUT_MS = 8_000;
/** After a failure another instance is preferred for so long. */
const AVOID_MS = 2_000;

/**
 * @typedef {object} Answer
 * @property {number} status 0 where there was none
 * @property {any} body
 * @property {Headers} headers
 * @property {string | undefined} failure code of what went wrong where there was no answer
 * @property {number} start milliseconds on the runner's monotonic clock
 * @property {number} end
 */

/** Sends requests to instances of a module, preferring those that answered. */
export class Gateway {
  /** @type {Map<string, number>} until when to avoid an instance, by URL */
  #avoided = new Map();

  /** @param {() => readonly string[]} urls of those that may be there @param {() => number} dice at least 0, less than 1 */
  constructor(urls, dice) {
    this.urls = urls;
    this.dice = dice;
  }

  /**
   * @param {string} method @param {string} path
   * @param {{ body?: unknown, headers?: Record<string, string> }} [sent]
   * @returns {Promise<Answer>}
   */
  async send(method, path, { body, headers = {} } = {}) {
    const url = this.#choose();
    const mediaType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const start = performance.now();
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { ...(body !== undefined && { 'content-type': mediaType }), ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      const end = performance.now();
      if (response.status >= 500) this.#avoided.set(url, end + AVOID_MS);
      return { status: response.status, body: parsed(text), headers: response.headers, failure: undefined, start, end };
    } catch (error) {
      const end = performance.now();
      this.#avoided.set(url, end + AVOID_MS);
      return { status: 0, body: undefined, headers: new Headers(), failure: failureOf(error), start, end };
    }
  }

  #choose() {
    const urls = this.urls();
    const now = performance.now();
    const good = urls.filter((url) => (this.#avoided.get(url) ?? 0) < now);
    const choice = good.length > 0 ? good : urls;
    return choice[Math.floor(this.dice() * choice.length)] ?? 'http://127.0.0.1:1';
  }
}

/** @param {string} text */
function parsed(text) {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {unknown} error */
function failureOf(error) {
  const { name, cause } = /** @type {{ name: string, cause?: { code?: string } }} */ (error);
  return name === 'TimeoutError' ? 'timeout' : (cause?.code ?? name);
}

/** Milliseconds to wait after an answer before the same is asked again. @param {Answer} answer @param {() => number} dice */
export function pauseAfter({ status }, dice) {
  return status === 0 || status >= 500 ? 300 + dice() * 400 : 40 + dice() * 80;
}
