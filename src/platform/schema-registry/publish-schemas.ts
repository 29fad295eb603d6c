import { unavailable } from '../tools/errors.js';
import { findSubject, type NotFound, toSubmitted, type Versions } from './find-subject.js';
import type { RegisteredSchema, RegistryClient } from './registry-client.js';
import type { Subject } from './subjects.js';

/** A schema compared with the registry. */
export interface Examined {
  readonly subject: Subject;
  readonly found: RegisteredSchema | NotFound;
  /** Why the registry would refuse to register it; none if it would not. */
  readonly incompatibilities: readonly string[];
}

/** Compares schemas, each after those that it refers to, with the registry. @throws errors of {@link RegistryClient} */
export async function examineSchemas(
  registry: RegistryClient,
  subjects: readonly Subject[],
): Promise<readonly Examined[]> {
  const versions: Versions = new Map();
  const examined: Examined[] = [];
  for (const subject of subjects) {
    const found = await findSubject(registry, subject, versions);
    const incompatibilities = found === 'different' ? await incompatibilitiesOf(registry, subject, versions) : [];
    examined.push({ subject, found, incompatibilities });
  }
  return examined;
}

/** The outcome of {@link publishSchemas}. */
export interface PublishedSchemas {
  /** Registered now, with their versions. */
  readonly published: readonly { readonly subject: string; readonly version: number }[];
  /** Refused by the registry. If there are any, schemas that refer to them were not published. */
  readonly refused: readonly Examined[];
}

/**
 * Registers the schemas that the registry lacks, each after those that it refers to. If it would refuse one of them, and
 * that is known before, it registers none.
 * @throws errors of {@link RegistryClient}
 */
export async function publishSchemas(
  registry: RegistryClient,
  subjects: readonly Subject[],
): Promise<PublishedSchemas> {
  const known = (await examineSchemas(registry, subjects)).filter(isRefused);
  if (known.length > 0) return { published: [], refused: known };
  const versions: Versions = new Map();
  const published: { subject: string; version: number }[] = [];
  for (const subject of subjects) {
    const found = await findSubject(registry, subject, versions);
    if (typeof found !== 'string') continue;
    // Now that those it refers to are there.
    const incompatibilities = await incompatibilitiesOf(registry, subject, versions);
    if (incompatibilities.length > 0) return { published, refused: [{ subject, found, incompatibilities }] };
    published.push({ subject: subject.subject, version: await register(registry, subject, versions) });
  }
  return { published, refused: [] };
}

function isRefused({ incompatibilities }: Examined): boolean {
  return incompatibilities.length > 0;
}

async function incompatibilitiesOf(
  registry: RegistryClient,
  subject: Subject,
  versions: Versions,
): Promise<readonly string[]> {
  const submitted = toSubmitted(subject, versions);
  return submitted ? registry.incompatibilities(subject.subject, submitted) : [];
}

/** Returns the version. */
async function register(registry: RegistryClient, subject: Subject, versions: Versions): Promise<number> {
  const submitted = toSubmitted(subject, versions);
  if (submitted) await registry.register(subject.subject, submitted);
  const found = await findSubject(registry, subject, versions);
  if (typeof found !== 'string') return found.version;
  throw unavailable(`${subject.subject}: was registered, but the schema registry does not have it yet; publish again`);
}
