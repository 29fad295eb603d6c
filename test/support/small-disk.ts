import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIZE = 64 * 1024 ** 2;

/** A disk of 64 MiB of a test's own, that it can fill and free. */
export interface SmallDisk {
  readonly path: string;
  /** Leaves no byte free. */
  fill(): void;
  free(): void;
  unmount(): void;
}

/** Why there can be none here; undefined where there can. */
export function whyNoSmallDisk(): string | undefined {
  const disk = mountSmallDisk();
  if (typeof disk === 'string') return disk;
  disk.unmount();
  return undefined;
}

/** Mounts one in memory, which needs root. @returns why that is not possible, where it is not */
export function mountSmallDisk(): SmallDisk | string {
  const path = mkdtempSync(join(tmpdir(), 'accounts-orders-disk-'));
  const { status, stderr, error } = run('mount', '-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', path);
  if (status !== 0) {
    rmdirSync(path);
    return `no disk can be mounted (${(error?.message ?? stderr).trim()})`;
  }
  const ballast = join(path, 'ballast');
  return {
    path,
    fill: () => {
      const file = openSync(ballast, 'a');
      try {
        // The smaller ones fill what is left of the last page.
        for (const size of [64 * 1024, 4 * 1024, 1]) writeUntilFull(file, Buffer.alloc(size));
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(ballast),
    unmount: () => {
      run('umount', '--lazy', path);
      rmdirSync(path);
    },
  };
}

function writeUntilFull(file: number, bytes: Buffer): void {
  try {
    for (;;) writeSync(file, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function run(command: string, ...args: string[]) {
  return spawnSync(command, args, { encoding: 'utf8' });
}
