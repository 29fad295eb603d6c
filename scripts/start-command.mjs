import { readFileSync } from 'node:fs';

const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
/** The command of `npm start` after the build, as in the images. @type {string[]} */
export const START = scripts.start.replace(/^.* && /, '').split(' ');

/** Its options of Node.js. */
export const NODE_OPTIONS = START.filter((word) => word.startsWith('--'));
