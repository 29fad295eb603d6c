import type { Cursors } from './cursors.js';
import type { Listing, ListingStore, ListPage, ListQuery, Scalar } from './listing.js';

/** A listing whose positions are cursors. */
export class CursorListing<State> implements Listing<State> {
  /** @param name of the list, unique among those that share the cursors' secret */
  constructor(
    private readonly store: ListingStore<State>,
    private readonly name: string,
    private readonly cursors: Pick<Cursors, 'seal' | 'open'>,
  ) {}

  async page({ cursor, ...query }: ListQuery): Promise<ListPage<State>> {
    const list = JSON.stringify([this.name, Object.entries(query.where).sort(), query.sort]);
    const after = cursor === undefined ? undefined : ((await this.cursors.open(list, cursor)) as Scalar[]);
    const { items, next } = await this.store.page({ ...query, ...(after && { after }) });
    return { items, ...(next && { next: await this.cursors.seal(list, next) }) };
  }
}
