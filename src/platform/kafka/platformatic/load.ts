import { PlatformError } from '../../tools/errors.js';
import { readableCodecs } from '../compression.js';
import type { Library } from './library.js';

/** Not a literal, because the package is optional and may have no types here. */
const PACKAGE: string = '@platformatic/kafka';

let loading: Promise<Library> | undefined;

/** Loads the library. @throws PlatformError `client-missing` when it is not installed */
export function loadLibrary(): Promise<Library> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Library> {
  let library: Library;
  try {
    library = (await import(PACKAGE)) as Library;
  } catch (error) {
    const message = `KAFKA_CLIENT is platformatic, but ${PACKAGE} cannot be loaded: install it (npm ci --include=optional)`;
    throw new PlatformError('rejected', 'client-missing', message, undefined, { cause: error });
  }
  await limitCodecs(library);
  return library;
}

/** Has the library compress at the lowest levels, and decompress within a limit. It applies to the whole process. */
async function limitCodecs({ compressionsAlgorithms }: Library): Promise<void> {
  for (const [name, codec] of Object.entries(await readableCodecs())) {
    const algorithm = compressionsAlgorithms[name];
    if (!algorithm) throw new Error(`unsupported ${PACKAGE}: it has no ${name} (docs/patched-packages.md)`);
    algorithm.compressSync = (buffer) => codec.compress({ buffer });
    algorithm.decompressSync = (data) => codec.decompress(data);
    delete algorithm.compress;
  }
}
