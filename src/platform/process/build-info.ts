import { readFileSync } from 'node:fs';

/** Which build this is. */
export interface BuildInfo {
  readonly name: string;
  readonly license: string;
  readonly version: string;
  /** The git commit that was built; `unknown` where there was no git. */
  readonly commit: string;
}

export function readBuildInfo(): BuildInfo {
  const { name, license, version } = readJson('../../../package.json') as Omit<BuildInfo, 'commit'>;
  return { name, license, version, commit: commit() };
}

function commit(): string {
  try {
    return (readJson('../../build.json') as { commit: string }).commit;
  } catch {
    return 'unknown';
  }
}

function readJson(relative: string): unknown {
  return JSON.parse(readFileSync(new URL(relative, import.meta.url), 'utf8'));
}
