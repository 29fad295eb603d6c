import type { Context } from '../context/define-context.js';
import { isEmbedded, loadConfig } from '../operating/config/config.js';
import { type Command, findContext, listModules, MODULE_OPTION, refusePositionals, UsageError } from './command.js';
import { checkTopics } from './topics-check.js';
import { copyTopic, deleteFormer, printManifest, switchTopic } from './topics-generations.js';

const ACTIONS = ['check', 'create', 'copy', 'switch', 'manifest', 'delete-generation'] as const;
type Action = (typeof ACTIONS)[number];
/** The flags of each action, besides `--module`. */
const FLAGS: Readonly<Record<Action, readonly string[]>> = {
  check: [],
  create: [],
  copy: ['topic', 'partitions', 'compression', 'sign-with'],
  switch: ['topic', 'to', 'sign-with'],
  manifest: ['topic', 'public-key'],
  'delete-generation': ['topic', 'generation'],
};

export const topics = (contexts: readonly Context[]): Command => ({
  usage: `topics check|create|copy|switch|manifest|delete-generation --module ${listModules(contexts)}
  Checks the module's topics, and copies a topic to a new generation with another number of partitions.

  check      prints the topics that the module publishes and consumes, and its dead-letter topics. Changes nothing; exits
             1 if a topic is missing, does not keep events permanently, has too few replicas, or has another number of
             partitions than it was created with
  create     creates missing topics first: with unlimited retention, their former number of partitions if they existed
             before, and never too few replicas; also the topics of the console
  copy       --partitions N [--compression TYPE] [--sign-with FILE]: copies the topic to a new generation while services
             run, compares both, and switches to the new one. Can be killed and run again
  switch     --to N [--sign-with FILE]: switches back to the former generation, after copying to it the events that
             were published since. Nothing is published meanwhile; commands are accepted
  manifest   [--public-key FILE]: prints what the last switch copied and compared, and checks the signature
  delete-generation
             --generation N: deletes a generation that is not active, with all its records

  --module       bounded context
  --topic        the topic, if the module publishes more than one
  --compression  compression of the new topic (compression.type; default: as the old one)
  --sign-with    file with a private Ed25519 key (PEM): signs the manifest
  --public-key   file with the public key (PEM) that must have signed it`,
  options: {
    ...MODULE_OPTION,
    topic: { type: 'string' },
    partitions: { type: 'string' },
    compression: { type: 'string' },
    'sign-with': { type: 'string' },
    'public-key': { type: 'string' },
    to: { type: 'string' },
    generation: { type: 'string' },
  },
  run: async (flags, [action, ...more]) => {
    if (action === undefined) throw new UsageError(`topics needs one of: ${ACTIONS.join(', ')}`);
    if (!isAction(action)) throw new UsageError(`topics: unknown action '${action}'`);
    refusePositionals(more);
    const context = findContext(contexts, flags);
    const unused = Object.keys(flags).filter((flag) => flag !== 'module' && !FLAGS[action].includes(flag));
    if (unused.length > 0) throw new UsageError(`topics ${action}: does not take --${unused.join(', --')}`);
    if (isEmbedded(loadConfig([context.name]).config)) return explainEmbedded(action);
    switch (action) {
      case 'check':
      case 'create':
        return checkTopics(context, action === 'create');
      case 'copy':
        return copyTopic(context, flags);
      case 'switch':
        return switchTopic(context, flags);
      case 'manifest':
        return printManifest(context, flags);
      case 'delete-generation':
        return deleteFormer(context, flags);
    }
  },
});

function isAction(action: string): action is Action {
  return (ACTIONS as readonly string[]).includes(action);
}

function explainEmbedded(action: Action): number {
  if (action === 'check' || action === 'create') {
    console.log('The embedded log creates topics on demand and keeps every event.');
    return 0;
  }
  console.log('The embedded log has a fixed number of partitions, so its topics have no generations.');
  return 1;
}
