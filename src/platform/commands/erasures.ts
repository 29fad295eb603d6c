import type { Context } from '../context/define-context.js';
import { confirmingContexts } from '../context/confirming-contexts.js';
import { expectUp } from '../tools/dependency.js';
import { type Command, findContext, listModules, MODULE_OPTION, refusePositionals, UsageError } from './command.js';
import { withConnections } from './connections.js';

export const erasures = (contexts: readonly Context[]): Command => ({
  usage: `erasures show ID --module ${listModules(contexts)}
  Prints the attestation of a person's erasure as JSON; exits 1 if a context has not confirmed it yet.

  --module   bounded context that owns the person

  It says when, by whom and with which key the person was erased, which contexts have confirmed, and what is left in
  clear text until when; nothing about the person. With the embedded database, stop the service first.`,
  options: MODULE_OPTION,
  run: (flags, [action, id, ...more]) => {
    if (action !== 'show') throw new UsageError('erasures needs one of: show');
    if (id === undefined) throw new UsageError('erasures show needs one ID');
    refusePositionals(more);
    const context = findContext(contexts, flags);
    return withConnections(context, async ({ database, interrupted: stopping }) => {
      await expectUp(database);
      const confirming = confirmingContexts(context, contexts);
      const { attestations } = context.open(database, { stopping, confirming });
      for (const each of attestations) {
        const attestation = await each.attest(id);
        if (!attestation) continue;
        console.log(JSON.stringify(attestation, undefined, 2));
        return attestation.awaited.length > 0 ? 1 : 0;
      }
      console.error(`there is no erasure of ${id}`);
      return 1;
    });
  },
});
