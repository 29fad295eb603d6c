import type { AbstractSublevel } from 'abstract-level';
import type { KeyChange, KeyStore, PersonsKey } from '../privacy/rotate-keys.js';
import { isShredded, type ShreddedKey, type StoredKey } from '../privacy/data-key.js';
import type { Level } from './level.js';

/** A person's document, as far as its key is concerned. */
interface KeyDocument {
  readonly key?: StoredKey;
  readonly state: { readonly erased?: true };
}

type Documents<Document> = AbstractSublevel<Level, string | Buffer | Uint8Array, string, Document>;
/** Changes a document, if there is one; `apply` returns undefined when nothing must be written. */
type Edit<Document> = (id: string, apply: (document: Document | undefined) => Document | undefined) => Promise<boolean>;

/** The keys in the documents of persons. */
export class EmbeddedKeyStore<Document extends KeyDocument> implements KeyStore {
  constructor(
    private readonly documents: Documents<Document>,
    private readonly edit: Edit<Document>,
  ) {}

  async find(persons: readonly string[]): Promise<ReadonlyMap<string, StoredKey>> {
    const documents = await this.documents.getMany([...persons]);
    return new Map(
      documents.flatMap((document, index) => (document?.key ? [[persons[index] as string, document.key]] : [])),
    );
  }

  async findShredded(persons: readonly string[]): Promise<ReadonlyMap<string, ShreddedKey>> {
    const found = await this.find(persons);
    return new Map([...found].flatMap(([person, key]) => (isShredded(key) ? [[person, key] as const] : [])));
  }

  async *allKeys(): AsyncGenerator<PersonsKey> {
    for await (const [id, { key, state }] of this.documents.iterator()) {
      yield { id, ...(key && { key }), isErased: state.erased === true };
    }
  }

  async setKeys(changes: readonly KeyChange[]): Promise<readonly string[]> {
    const results = await Promise.all(
      changes.map(({ id, from, to }) =>
        this.edit(id, (document) => {
          if (!document || document.state.erased || !isSame(document.key, from)) return undefined;
          return { ...document, key: to };
        }),
      ),
    );
    return changes.filter((_, index) => results[index]).map(({ id }) => id);
  }
}

function isSame(one: StoredKey | undefined, other: StoredKey | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
