import type { Context } from '../../src/platform/context/define-context.js';
import { LogProjector } from '../../src/platform/rebuilding/projector.js';
import { fill, newestStates, takeOver } from '../../src/platform/rebuilding/replay.js';
import type { TakeoverOptions } from '../../src/platform/rebuilding/takeover.js';
import { type Places, withRebuildable } from './rebuildable.js';

/** Rebuilds a context's database and swaps it in, as the command `replay` does. */
export function replayed(
  context: Context,
  places: Places,
  options: Partial<TakeoverOptions> = {},
  onFilled: () => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  return withRebuildable(context, places, async ({ rebuildable, database, links, signal }) => {
    const live = rebuildable.live.replayable;
    const shadows = await database.beginRebuild(live.collections.map(({ collection }) => collection));
    const target = rebuildable.open(shadows.database).replayable;
    const projector = await LogProjector.start(places.bus, target, { signal, ...newestStates(links, target) });
    try {
      await fill(target, projector);
      await onFilled();
      await takeOver(live, target, projector, shadows, { links, ...options });
    } finally {
      await projector.stop();
      await shadows.discard();
    }
  });
}
