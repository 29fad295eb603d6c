import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A place that is searched: its name, and what it holds. */
export type Place = readonly [name: string, content: Buffer | string];

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A word that is nowhere else. Nothing in it repeats, so that compression leaves it as it is where it first occurs. */
export function uniqueWord(): string {
  return Array.from({ length: 16 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

/** The files below a folder that are there while it is read. */
export function filesIn(directory: string): Place[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.flatMap(({ parentPath, name }) => {
    const path = join(parentPath, name);
    try {
      return [[path, readFileSync(path)] as const];
    } catch (error) {
      // It was removed since.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}

/** Where these texts are, as they are or in base64: `<name of the text> in <place>`. */
export function tracesOf(texts: Readonly<Record<string, string>>, places: readonly Place[]): string[] {
  const wanted = Object.entries(texts).map(([name, text]) => [name, [text, ...base64sOf(text)]] as const);
  return places.flatMap(([place, content]) =>
    wanted.flatMap(([name, forms]) => (forms.some((form) => content.includes(form)) ? [`${name} in ${place}`] : [])),
  );
}

/** How a text looks inside base64, for each place where it may begin in a group of three bytes. */
export function base64sOf(text: string): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.from(' '.repeat(shift) + text).toString('base64');
    return encoded.slice(shift === 0 ? 0 : 4, -4);
  });
}
