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

/** @param {string} name @param {string} what happens to both modules @param {readonly string[][]} runs command and options of each @returns {import('./fault.mjs').Fault} */
const replayFault = (name, what, runs) => ({
  name,
  family: 'replay',
  about: `both modules are ${what}, one after the other, while all goes on`,
  make: async ({ command, isAlone, say }) => {
    /** @type {import('../facts.mjs').Finding[]} */
    const findings = [];
    for (const module of ['accounts', 'orders']) {
      for (const [name = '', ...options] of runs) {
        const args = [name, '--module', module, ...options];
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
  replayFault('replay', 'rebuilt from the log', [['replay']]),
  replayFault('replay-in-parts', 'rebuilt from the log, states first and then histories', [
    ['replay', '--only', 'states'],
    ['replay', '--only', 'histories'],
  ]),
  replayFault('replay-workers', 'rebuilt from the log by two workers', [['replay', '--workers', '2']]),
  replayFault('checkpoints', 'verified, and then verified and replayed since the checkpoint', [
    ['verify'],
    ['verify', '--since-checkpoint'],
    ['replay', '--since-checkpoint'],
  ]),
];
