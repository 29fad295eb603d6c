import { readFileSync } from 'node:fs';

/** Which build this is. */
export interface BuildInfo {
  readonly version: string;
  /** The git commit that was built; `unknown` where there was no git. */
  readonly commit: string;
}

export function readBuildInfo(): BuildInfo {
  const { version } = readJson('../package.json') as { version: string };
  return { version, commit: commit() };
}

function commit(): string {
  try {
    return (readJson('./build.json') as { commit: string }).commit;
  } catch {
    return 'unknown';
  }
}

function readJson(relative: string): unknown {
  return JSON.parse(readFileSync(new URL(relative, import.meta.url), 'utf8'));
}
