import { isIP } from 'node:net';
import type { RequestHandler } from 'express';
import { sendProblem } from '../resources/problem.js';

/**
 * Refuses requests that a web page of somebody else makes in a user's browser, for a process that needs no token: 421
 * for a `Host` that is a foreign name (DNS rebinding), 403 for an `Origin` other than the process (a form on another
 * site). Addresses and `localhost` are always its own, because no page can have them as its name.
 * @param names further host names that the process is reached by
 */
export function ownHosts(names: readonly string[]): RequestHandler {
  const own = new Set(['localhost', ...names.map((name) => name.toLowerCase())]);
  const isOwn = (host: string) => {
    const name = host
      .toLowerCase()
      .replace(/:\d*$/, '')
      .replace(/^\[(.*)\]$/, '$1');
    return own.has(name) || name.endsWith('.localhost') || isIP(name) !== 0;
  };
  return (request, response, next) => {
    const { host, origin } = request.headers;
    if (host !== undefined && !isOwn(host)) {
      const detail = 'the Host header names another host; ALLOWED_HOSTS has the names of this one';
      sendProblem(request, response, { code: 'foreign-host', status: 421, detail });
    } else if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
      const detail = 'the request comes from a page of another origin';
      sendProblem(request, response, { code: 'foreign-origin', status: 403, detail });
    } else {
      next();
    }
  };
}
