import { faketimeLibrary, wrongClock } from '../clock.mjs';

/** @param {string} name @param {string} offset @param {string} about @returns {import('./fault.mjs').Fault} */
const clockFault = (name, offset, about) => ({
  name,
  family: 'clock',
  about,
  missing: () => (faketimeLibrary() === undefined ? 'libfaketimeMT.so.1 (Debian: faketime)' : undefined),
  make: async ({ fleet, random, wait }) => {
    const instance = random.pick(fleet.instances);
    await instance.end();
    instance.start(wrongClock(String(faketimeLibrary()), offset));
    await instance.ready();
    await wait(random.integer(5, 10));
    // What it leaves behind has its times.
    await instance.kill();
    instance.start();
    await instance.ready();
  },
});

/** @param {string} name @param {string} how @param {readonly string[][]} runs options of each @returns {import('./fault.mjs').Fault} */
const replayFault = (name, how, runs) => ({
  name,
  family: 'replay',
  about: `both modules are rebuilt from the log${how}, one after the other, while all goes on`,
  make: async ({ command, isAlone, say }) => {
    /** @type {import('../facts.mjs').Finding[]} */
    const findings = [];
    for (const module of ['accounts', 'orders']) {
      for (const options of runs) {
        const args = ['replay', '--module', module, ...options];
        const { code, output } = await command(...args);
        if (code === 0) continue;
        const what = `${args.join(' ')} ended with ${code}: ${output.trim().split('\n').at(-1)}`;
        // Beside another fault it may give up: it leaves everything as it was.
        if (isAlone) findings.push({ sort: 'unexpected', what });
        else say(what);
      }
    }
    return findings;
  },
});

/** @type {import('./fault.mjs').Fault[]} */
export const otherFaults = [
  clockFault('clock-ahead', '+10m', 'the clock of one instance is ten minutes ahead; then it is killed'),
  clockFault('clock-behind', '-10m', 'the clock of one instance is ten minutes behind; then it is killed'),
  replayFault('replay', '', [[]]),
  replayFault('replay-in-parts', ', states first and then histories', [
    ['--only', 'states'],
    ['--only', 'histories'],
  ]),
  replayFault('replay-workers', ' by two workers', [['--workers', '2']]),
];
