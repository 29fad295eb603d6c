// Preloaded (`node --import`) into an instance: connections to the servers go through the runner's proxies. The servers'
// own addresses stay in play, so what they advertise to their clients is redirected, too.
import { Socket } from 'node:net';

/** @type {Record<string, number>} the proxy's port by the server's */
const routes = JSON.parse(process.env['CHAOS_ROUTES'] ?? '{}');
const connect = Socket.prototype.connect;

/** @this {Socket} @param {any[]} args */
Socket.prototype.connect = function (...args) {
  // `net.connect` hands over an array that it has normalized and marked.
  const list = Array.isArray(args[0]) ? args[0] : args;
  const port = typeof list[0] === 'object' ? list[0]?.port : list[0];
  const route = routes[String(port)];
  if (route !== undefined) list[0] = typeof list[0] === 'object' ? { ...list[0], port: route } : route;
  return /** @type {any} */ (connect).apply(this, args);
};
