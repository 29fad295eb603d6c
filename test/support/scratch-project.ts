import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

export interface ScriptResult {
  readonly code: number | null;
  readonly output: string;
}

/** A project of a few files in a temporary folder, on which this project's scripts and packages work. */
export class ScratchProject {
  readonly path = mkdtempSync(join(tmpdir(), 'accounts-orders-'));

  /** @param files their content by path, or a project to copy */
  constructor(files: Readonly<Record<string, string>> | ScratchProject) {
    if (files instanceof ScratchProject) {
      cpSync(files.path, this.path, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
      return;
    }
    for (const file of ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']) {
      cpSync(join(PROJECT, file), join(this.path, file));
    }
    for (const folder of ['node_modules', 'scripts']) {
      symlinkSync(join(PROJECT, folder), join(this.path, folder), 'junction');
    }
    for (const [file, content] of Object.entries(files)) this.write(file, content);
  }

  write(file: string, content: string): void {
    mkdirSync(dirname(join(this.path, file)), { recursive: true });
    writeFileSync(join(this.path, file), content);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  /** `node scripts/<script>`, to its end. */
  run(script: string): Promise<ScriptResult> {
    const child = spawn(process.execPath, [join('scripts', script)], { cwd: this.path });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, output }));
    });
  }
}
