import { readFileSync } from 'node:fs';

/** Name, license, version and commit of the build. */
export interface BuildInfo {
  readonly name: string;
  readonly license: string;
  readonly version: string;
  /** The git commit of the build; `unknown` if it was built without git. */
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
