import { variantsOf } from '../rebuilding/branches.js';
import { byAggregate, compareIds, type Link, type Links } from '../rebuilding/links.js';
import { paired } from '../tools/iterate.js';
import type { Heads } from './heads.js';

/**
 * The links of records that came after a checkpoint, chained to the heads as of the checkpoint. A link from before is left
 * out: its event was published once more.
 */
export class LinksSince implements Links {
  constructor(
    private readonly heads: Heads,
    private readonly later: Links,
  ) {}

  add(links: readonly Link[]): Promise<void> {
    return this.later.add(links);
  }

  remove(links: readonly Link[]): Promise<void> {
    return this.later.remove(links);
  }

  async of(topic: string, id: string): Promise<readonly Link[]> {
    const [head] = await this.heads.find(topic, [id]);
    return joined(head, await this.later.of(topic, id));
  }

  async *all(topic?: string): AsyncGenerator<Link> {
    const later = byAggregate(this.later.all(topic));
    const pairs = paired(this.heads.all(topic), later, (head, own) => compareAggregates(head, own[0] as Link));
    for await (const [head, own = []] of pairs) yield* joined(head, own);
  }

  /** Returns the links that are left out. */
  async *repeated(): AsyncGenerator<Link> {
    for await (const own of byAggregate(this.later.all())) {
      const { topic, id } = own[0] as Link;
      const [head] = await this.heads.find(topic, [id]);
      if (head) yield* variantsOf(own).filter(({ version }) => version < head.version);
    }
  }
}

function joined(head: Link | undefined, later: readonly Link[]): readonly Link[] {
  if (!head) return later;
  const same = later.filter(({ version }) => version === head.version);
  const rivals = variantsOf(same).filter(({ hash }) => hash !== head.hash);
  return [rivals.length > 0 ? { ...head, rivals } : head, ...later.filter(({ version }) => version > head.version)];
}

function compareAggregates(one: Link, other: Link): number {
  return one.topic === other.topic ? compareIds(one.id, other.id) : one.topic < other.topic ? -1 : 1;
}
