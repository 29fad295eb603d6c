// Loaded before the program: loads its packages, which takes longer than all the rest, and lets it begin when told to.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

// Whatever ends the parent, SIGKILL included, ends this.
process.on('disconnect', () => process.exit());
if (!process.connected) process.exit();
const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
await Promise.all(Object.keys(dependencies).map((name) => import(name).catch(() => undefined)));
await once(process, 'message');
/** @type {NonNullable<typeof process.channel>} */ (process.channel).unref();
