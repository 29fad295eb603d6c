import { isShredded } from '../privacy/data-key.js';
import { iterate } from '../tools/iterate.js';
import { mainLine } from './branches.js';
import { byAggregate, compareIds, type Link, type Links } from './links.js';
import type { LogProjector } from './projector.js';
import type { SystemOfRecord } from './replayable.js';

/**
 * Returns the newest events in the log that could be restored, and of which new collections have older versions or none.
 * There should be none. The log may grow meanwhile.
 */
export async function unrestored(
  target: SystemOfRecord,
  links: Links,
  projector: Pick<LogProjector, 'caughtUp' | 'changesOf'>,
): Promise<readonly Link[]> {
  const { store, keys } = target;
  const behind = await behindIn(target, links);
  if (behind.length === 0) return [];
  // Those that were published meanwhile are kept back for a while.
  await projector.caughtUp();
  const ids = behind.map(({ id }) => id);
  const heads = new Map((await store.heads(ids)).map(({ id, version }) => [id, version]));
  const keysOf = keys?.holder ? await keys.source.find(ids) : new Map<string, never>();
  const left = behind.filter(
    ({ id, version, hash }) => (heads.get(id) ?? 0) < version && hash !== undefined && !isShredded(keysOf.get(id)),
  );
  // The state of an event that nobody can open is unknown.
  const changes = await projector.changesOf(target, new Set(left.map(({ hash }) => hash as string)));
  return left.filter(({ hash }) => changes.get(hash as string)?.state !== undefined);
}

async function behindIn({ stream: { topic }, store }: SystemOfRecord, links: Links): Promise<readonly Link[]> {
  const heads = iterate(store.allHeads());
  const logged = iterate(byAggregate(links.all(topic)));
  const behind: Link[] = [];
  try {
    let head = await heads.next();
    for (let own = await logged.next(); own; own = await logged.next()) {
      const newest = mainLine(own).at(-1) as Link;
      while (head && compareIds(head.id, newest.id) < 0) head = await heads.next();
      if (head?.id !== newest.id || head.version < newest.version) behind.push(newest);
    }
  } finally {
    await Promise.all([heads.end(), logged.end()]);
  }
  return behind;
}
