/**
 * Who may know whom. Each rule has a planted violation in test/architecture/violations.ts that must fail.
 *
 * A context is any folder of src/ but platform: a third one is held to the same rules without being named here.
 */
const CONTEXT = '^src/(?!platform/)([^/]+)/';
/** @param {string} name */
const room = (name) => `${CONTEXT}${name}/`;
/** From a rule whose `from` captures its context: anything of src/ that is neither its own nor platform's. */
const BEYOND_CONTEXT = '^src/(?!platform/|$1/)';
const OWN_OR_PLATFORM = '^src/(?:platform|$1)/';
const FACES = '^src/platform/(?:index|http|testing)\\.ts$';

const IN_A_ROOM =
  '^src/(?!platform/)(?:[^/]+/(?:domain|app|http|messages|adapters)/|(?<context>[^/]+)/\\k<context>\\.context\\.ts$)';
const PLATFORM_ADAPTERS = '^src/platform/(?:kafka|mongodb|embedded)/';
export const TEST_CODE = '\\.(?:spec|contract)\\.ts$|^src/platform/testing(?:\\.ts$|/)';

/** @param {string[]} names */
const npm = (...names) => `node_modules/(?:@types/)?(?:${names.join('|')})/`;
const KAFKA = npm('kafkajs', '@platformatic/kafka');
const MONGODB = npm('mongodb', 'bson');
const LEVEL = npm('abstract-level', 'classic-level', 'memory-level');
const HTTP = npm('express', 'express-serve-static-core', 'tsoa', '@tsoa/[^/]+', 'helmet', 'swagger-ui-express');

/**
 * @typedef {import('dependency-cruiser').IRegularForbiddenRuleType} Rule
 * @type {(name: string, comment: string, from: Rule['from'], to: Rule['to']) => Rule}
 */
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    // The rooms of a context.
    forbid(
      'domain-knows-only-itself',
      'State and decisions are pure: no platform, no other room, nothing of Node.js, no package but the decimal one.',
      { path: room('domain'), pathNot: TEST_CODE },
      { pathNot: ['^src/$1/domain/', BEYOND_CONTEXT, npm('big\\.js')] },
    ),
    forbid(
      'app-knows-domain-and-ports',
      'A use case knows its domain and what of the platform is a port or pure. I/O and packages are behind ports.',
      { path: room('app'), pathNot: TEST_CODE },
      { pathNot: ['^src/$1/(?:app|domain)/', BEYOND_CONTEXT, '^src/platform/(?!http\\.ts)', npm('big\\.js', 'uuid')] },
    ),
    forbid(
      'http-knows-app-and-domain',
      'Controllers, and what is generated from them, call use cases: no adapter, no message, no declaration.',
      { path: room('http'), pathNot: TEST_CODE },
      { path: OWN_OR_PLATFORM, pathNot: ['^src/$1/(?:http|app|domain)/', '^src/platform/'] },
    ),
    forbid(
      'messages-know-app-and-domain',
      'What a context publishes and understands does not depend on how it is stored, carried or asked for.',
      { path: room('messages'), pathNot: TEST_CODE },
      { path: OWN_OR_PLATFORM, pathNot: ['^src/$1/(?:messages|app|domain)/', '^src/platform/(?!http\\.ts)'] },
    ),
    forbid(
      'messages-take-only-types-of-app',
      'A reader of messages fills what app needs; which use case or store gets it is said in the module.',
      { path: room('messages'), pathNot: TEST_CODE },
      { path: '^src/$1/app/', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'adapters-know-app-and-domain',
      'An adapter of its own keeps or reaches what its context needs: not who asks for it, nor how events travel.',
      { path: room('adapters'), pathNot: TEST_CODE },
      { path: OWN_OR_PLATFORM, pathNot: ['^src/$1/(?:adapters|app|domain)/', '^src/platform/(?!http\\.ts)'] },
    ),
    forbid(
      'only-the-declaration-names-adapters',
      'Of a context, <context>.context.ts is the one file that says which adapter is behind a port.',
      { path: '^src/(?!platform/)', pathNot: [IN_A_ROOM, TEST_CODE] },
      { path: room('adapters') },
    ),
    forbid(
      'contexts-know-the-faces-of-platform',
      'What platform offers is in index.ts, http.ts and testing.ts: what is behind them may move.',
      { path: CONTEXT, pathNot: '/http/generated/' },
      { path: '^src/platform/', pathNot: FACES },
    ),
    {
      name: 'every-file-is-in-a-room',
      comment:
        'A file of a context outside domain, app, http, messages, adapters and its declaration escapes their rules.',
      severity: 'error',
      // Any number of dependents: a rule on a dependency would miss a file that has none.
      module: { path: CONTEXT, pathNot: [IN_A_ROOM, TEST_CODE], numberOfDependentsLessThan: 100 },
      from: {},
    },

    // Contexts, platform, composition.
    forbid(
      'a-context-knows-no-other',
      'Contexts share events, never code; and none knows what composes it. Its specs neither: those that span are in test/.',
      { path: CONTEXT },
      { path: BEYOND_CONTEXT },
    ),
    forbid(
      'platform-knows-no-context',
      'Platform is what any context would need and none owns, nor what composes them.',
      { path: '^src/platform/' },
      { path: '^src/(?!platform/)' },
    ),
    forbid(
      'platform-adapters-are-behind-ports',
      'Ports, and what of platform is written against them, hold for every adapter: only the process names one, and maintenance the embedded one, for its scratch data.',
      {
        path: '^src/platform/',
        pathNot: [PLATFORM_ADAPTERS, '^src/platform/(?:maintenance|process|commands)/', TEST_CODE],
      },
      { path: PLATFORM_ADAPTERS },
    ),
    forbid(
      'platform-adapters-are-apart',
      'What Kafka, MongoDB and embedded adapters share is in their ports, so that any of them can go.',
      { path: '^src/platform/(kafka|mongodb|embedded)/', pathNot: TEST_CODE },
      { path: PLATFORM_ADAPTERS, pathNot: '^src/platform/$1/' },
    ),

    // Packages.
    forbid(
      'kafka-clients-only-in-platform-kafka',
      'One folder to change when a client of Kafka goes.',
      { path: '^src/', pathNot: ['^src/platform/kafka/', TEST_CODE] },
      { path: KAFKA },
    ),
    forbid(
      'mongodb-only-in-mongodb-adapters',
      'The database is behind ports.',
      { path: '^src/', pathNot: ['^src/platform/mongodb/', room('adapters'), TEST_CODE] },
      { path: MONGODB },
    ),
    forbid(
      'level-only-in-embedded-adapters',
      'The embedded store is behind the same ports as the real one.',
      { path: '^src/', pathNot: ['^src/platform/embedded/', room('adapters'), TEST_CODE] },
      { path: LEVEL },
    ),
    forbid(
      'jose-only-in-platform-auth',
      'What makes a token good is said in one place.',
      { path: '^src/', pathNot: ['^src/platform/operating/auth/', TEST_CODE] },
      { path: npm('jose') },
    ),
    forbid(
      'opentelemetry-sdk-only-in-trace-export',
      'It is loaded only by a process that sends traces; all others record spans with the API.',
      { path: '^src/', pathNot: ['^src/platform/operating/trace-export\\.ts$', TEST_CODE] },
      { path: npm('@opentelemetry/(?!api/)[^/]+') },
    ),
    forbid(
      'trace-export-only-on-demand',
      'A static import would load the SDK into every process.',
      { path: '^src/', pathNot: TEST_CODE },
      { path: '^src/platform/operating/trace-export\\.ts$', dependencyTypesNot: ['dynamic-import', 'type-only'] },
    ),
    forbid(
      'http-packages-only-at-the-edge',
      'Only platform/http, the console, the http rooms and the process know that there is HTTP.',
      { path: '^src/', pathNot: ['^src/platform/(?:http|console|process)/', room('http'), TEST_CODE] },
      { path: HTTP },
    ),
    forbid(
      'no-dev-dependencies',
      'The image has none of them.',
      { path: '^src/', pathNot: TEST_CODE },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'no-unlisted-packages',
      'What is there only because another package needs it is gone when that one changes its mind.',
      { path: '^src/' },
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    ),

    // Any module.
    forbid('no-cycles', 'Types count: a cycle is two files that are one.', { path: '^src/' }, { circular: true }),
    forbid(
      'no-orphans',
      'It imports nothing and nothing imports it: dead.',
      { orphan: true, path: '^src/', pathNot: ['\\.d\\.ts$', TEST_CODE] },
      {},
    ),
    forbid(
      'no-unresolvable',
      'A module that is not found is checked against no rule.',
      { path: '^src/' },
      // Generated before a build, not kept.
      { couldNotResolve: true, pathNot: '/generated/' },
    ),
    forbid(
      'src-knows-no-test-folder',
      'test/ and bench/ know src/, which builds and ships without them.',
      { path: '^src/' },
      { path: '^(?:test|bench)/' },
    ),
    forbid(
      'only-tests-know-tests',
      'Specs and contract suites do not ship.',
      { path: '^src/', pathNot: TEST_CODE },
      { path: TEST_CODE },
    ),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
