import { writeFileSync } from 'node:fs';
import type { SingleRequest } from './single-requests.js';
import type { Suffered } from './victim.js';

export interface Outcome extends Suffered {
  /** What the attacker got. */
  readonly attacker: string;
  /** The most memory that an instance had, in bytes. */
  readonly peak: number;
}

const MB = 1_000_000;
const [WIDTH, HEIGHT, LEFT, BOTTOM] = [900, 260, 50, 30];

/** A table of all attacks, and a drawing of the memory of the instances over all of them. */
export class AttackReport {
  private readonly rows: { attack: string; from: number; outcome?: Outcome }[] = [];
  private readonly samples: (readonly number[])[] = [];

  /** Adds the memory of each instance at this moment, in bytes. */
  remember(bytes: readonly number[]): void {
    this.samples.push(bytes);
  }

  begin(attack: string): void {
    this.rows.push({ attack, from: this.samples.length });
  }

  add(outcome: Outcome): void {
    const row = this.rows.at(-1);
    if (row) row.outcome = outcome;
  }

  /** What single requests got, as a table of their own. */
  addSingle(all: readonly SingleRequest[]): void {
    const lines = all.map(({ finding, got, should }) => `| ${finding} | ${got} | ${should} |`);
    process.stdout.write(`\n${['| request | got | should get |', '| --- | --- | --- |', ...lines].join('\n')}\n\n`);
  }

  /** Prints the table; writes the drawing where ATTACK_MEMORY_SVG says. */
  write(): void {
    const lines = this.rows.map(({ attack, outcome }) => {
      if (!outcome) return `| ${attack} | | did not end | | |`;
      const { attacker, requests, failed, p95, peak } = outcome;
      return `| ${attack} | ${attacker} | ${failed} of ${requests} | ${p95.toFixed(0)} ms | ${(peak / MB).toFixed(0)} MB |`;
    });
    const head = [
      '| attack | attacker | victim: failed | 95th percentile | memory |',
      '| --- | --- | --- | --- | --- |',
    ];
    process.stdout.write(`\n${[...head, ...lines].join('\n')}\n\n`);
    if (process.env.ATTACK_MEMORY_SVG) writeFileSync(process.env.ATTACK_MEMORY_SVG, this.draw());
  }

  private draw(): string {
    const most = Math.max(400 * MB, ...this.samples.flat());
    const x = (sample: number) => LEFT + ((WIDTH - LEFT) * sample) / Math.max(1, this.samples.length);
    const y = (bytes: number) => (HEIGHT - BOTTOM) * (1 - bytes / most);
    const colours = ['#0b6e99', '#c2571a'];
    const line = (instance: number) =>
      `<polyline fill="none" stroke="${colours[instance % 2]}" points="${this.samples
        .map((bytes, sample) => `${x(sample).toFixed(1)},${y(bytes[instance] ?? 0).toFixed(1)}`)
        .join(' ')}"/>`;
    const marks = this.rows.map(
      ({ from }, index) =>
        `<path stroke="#999" stroke-dasharray="2 3" d="M${x(from).toFixed(1)} 0V${HEIGHT - BOTTOM}"/>` +
        `<text x="${(x(from) + 3).toFixed(1)}" y="${HEIGHT - 12}">${index + 1}</text>`,
    );
    const levels = [100, 200, 300, 400].map(
      (level) =>
        `<path stroke="#ddd" d="M${LEFT} ${y(level * MB).toFixed(1)}H${WIDTH}"/>` +
        `<text x="2" y="${(y(level * MB) + 4).toFixed(1)}">${level} MB</text>`,
    );
    const instances = this.samples[0]?.map((_, instance) => line(instance)) ?? [];
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">
<title>Memory of the instances under the attacks 1 to ${this.rows.length}</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${[...levels, ...marks, ...instances].join('\n')}
</svg>
`;
  }
}
