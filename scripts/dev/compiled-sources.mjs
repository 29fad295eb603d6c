import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { transform } from '@swc/core';
import { filesIn } from '../digest.mjs';

const IS_SOURCE = /(?<!\.spec|\.contract|tsconfig)\.(?:tsx?|json|html|css|svg)$/;

/** As tsconfig.json has it. */
const OPTIONS = /** @type {const} */ ({
  swcrc: false,
  sourceMaps: 'inline',
  module: { type: 'es6' },
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true, tsx: false },
    transform: { legacyDecorator: true, react: { runtime: 'automatic', importSource: 'preact' } },
  },
});

/** @param {string} file @returns {import('@swc/core').Options} */
function optionsFor(file) {
  const { parser, ...jsc } = OPTIONS.jsc;
  const isTsx = file.endsWith('.tsx');
  return { ...OPTIONS, filename: path.resolve(file), jsc: { ...jsc, parser: { ...parser, tsx: isTsx } } };
}

/** src/ compiled into a folder by swc, which looks at one file at a time and at no type. */
export class CompiledSources {
  /** What was compiled, by file. @type {Map<string, string>} */
  texts = new Map();

  /** @param {string} out */
  constructor(out) {
    this.out = out;
    for (const file of filesIn(out)) if (!file.endsWith('.tsbuildinfo')) rmSync(file);
  }

  /**
   * Compiles what has changed since the last time.
   * @param {(file: string) => boolean} isWanted
   * @returns {Promise<{ changed: string[], errors: string[] }>} files, and why some could not be compiled
   */
  async update(isWanted) {
    const files = filesIn('src').filter((file) => IS_SOURCE.test(file));
    const deleted = [...this.texts.keys()].filter((file) => !files.includes(file));
    for (const file of deleted) {
      rmSync(this.#outputOf(file), { force: true });
      this.texts.delete(file);
    }
    const texts = files.filter(isWanted).map((file) => [file, readFileSync(file, 'utf8')]);
    const edited = texts.filter(([file = '', text]) => this.texts.get(file) !== text);
    const errors = await Promise.all(edited.map(([file = '', text = '']) => this.#compile(file, text)));
    const changed = edited.flatMap(([file = ''], index) => (errors[index] === undefined ? [file] : []));
    return { changed: [...deleted, ...changed], errors: errors.filter((error) => error !== undefined) };
  }

  /**
   * @param {string} file
   * @param {string} text
   * @returns {Promise<string | undefined>} why it cannot be compiled
   */
  async #compile(file, text) {
    const output = this.#outputOf(file);
    mkdirSync(path.dirname(output), { recursive: true });
    try {
      if (/\.tsx?$/.test(file)) writeFileSync(output, (await transform(text, optionsFor(file))).code);
      else cpSync(file, output);
    } catch (error) {
      // Below that is a stack of swc's own.
      return /** @type {Error} */ (error).message.split('\n\nCaused by')[0];
    }
    this.texts.set(file, text);
    return undefined;
  }

  /** @param {string} file */
  #outputOf(file) {
    return path.join(this.out, path.relative('src', file)).replace(/\.tsx?$/, '.js');
  }
}
