import type { Continuation, HasReached } from '../log/bus.js';
import { activeOf, type Generation, type Generations } from '../log/generations.js';
import type { KafkaGenerations } from './generations.js';
import { plainView, type TopicView, viewOf } from './topic-view.js';

/** Determines which generation of each of its topics a consumer group consumes. */
export class GroupViews {
  /** @param hasReached default: every group counts as having consumed the former generations */
  constructor(
    private readonly generations: KafkaGenerations,
    private readonly topics: readonly string[],
    private readonly hasReached: HasReached = () => Promise.resolve(true),
  ) {}

  /** Returns the generations to consume now: a former one until the group has consumed all of it. */
  find(): Promise<readonly TopicView[]> {
    return Promise.all(this.topics.map((topic) => this.findView(topic)));
  }

  /** False if some topic was switched and these views may not be those to consume. */
  areCurrent(views: readonly TopicView[]): boolean {
    return views.every(({ topic, name }) => {
      const known = this.generations.known(topic);
      return !known || activeOf(known).name === name;
    });
  }

  private async findView(topic: string): Promise<TopicView> {
    const known = await this.generations.of(topic);
    if (!known) return plainView(topic);
    const former = formerOf(known);
    if (former?.state === 'retired' && !(await this.hasReached(topic, endsOf(former)))) {
      return continued(topic, former, known);
    }
    return continued(topic, activeOf(known), known);
  }
}

/** Returns the generation that was active before. */
export function formerOf({ former, generations }: Generations): Generation | undefined {
  return generations.find(({ generation }) => generation === former);
}

/** Returns where the partitions of a former generation end, by their numbers on the bus. */
export function endsOf({ firstPartition, ends = [] }: Generation): readonly { partition: number; end: number }[] {
  return ends.map((end, partition) => ({ partition: firstPartition + partition, end }));
}

/** The view of a generation that continues the former ones, if there are any. */
function continued(topic: string, generation: Generation, all: Generations): TopicView {
  const { starts } = generation;
  const before = generation.generation === all.active ? formerOf(all) : undefined;
  if (!starts || !before) return viewOf(topic, generation);
  const after = endsOf(before);
  const continues = new Map(starts.map((at, partition): [number, Continuation] => [partition, { at, after }]));
  return { ...viewOf(topic, generation), continues };
}
