import type { Absence, RegisteredSchema, RegistryClient, SubmittedSchema } from './registry-client.js';
import type { Subject } from './subjects.js';

/** The subject and version of each schema that was found, by `$id`: other schemas refer to these. */
export type Versions = Map<string, { readonly subject: string; readonly version: number }>;

/** Why a schema was not found; `unresolved`: one that it refers to was not found. */
export type NotFound = Absence | 'unresolved';

/**
 * Finds a schema, which must come after those that it refers to, and adds it to `versions`.
 * @throws errors of {@link RegistryClient}
 */
export async function findSubject(
  registry: RegistryClient,
  subject: Subject,
  versions: Versions,
): Promise<RegisteredSchema | NotFound> {
  const submitted = toSubmitted(subject, versions);
  if (!submitted) return 'unresolved';
  const found = await registry.find(subject.subject, submitted);
  if (typeof found !== 'string') versions.set(subject.id, { subject: subject.subject, version: found.version });
  return found;
}

/** Returns the schema with its references; undefined while one of these is not in the registry. */
export function toSubmitted({ schema, references }: Subject, versions: Versions): SubmittedSchema | undefined {
  const found = references.map((name) => ({ name, ...versions.get(name) }));
  const isComplete = found.every((each): each is SubmittedSchema['references'][number] => each.version !== undefined);
  return isComplete ? { schema, references: found } : undefined;
}
