import { defineConfig, globalIgnores } from 'eslint/config';
import prettier from 'eslint-config-prettier/flat';
import tseslint from 'typescript-eslint';

const TEST_CODE = [
  'test/**/*.ts',
  '**/*.spec.ts',
  '**/*.contract.ts',
  'src/platform/testing.ts',
  'src/platform/testing/*.ts',
];

/**
 * What neither TypeScript nor its own rules see.
 * @type {import('eslint').Linter.RulesRecord}
 */
const correctness = {
  eqeqeq: ['error', 'always', { null: 'ignore' }],
  'array-callback-return': 'error',
  'no-control-regex': 'error',
  'no-dupe-else-if': 'error',
  'no-fallthrough': 'error',
  'no-misleading-character-class': 'error',
  'no-self-compare': 'error',
  'no-template-curly-in-string': 'error',
  'no-unmodified-loop-condition': 'error',
  'no-unreachable-loop': 'error',
  'no-unsafe-finally': 'error',
  'no-unsafe-optional-chaining': 'error',
  'no-useless-escape': 'error',
  'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
};

export default defineConfig(
  globalIgnores(['dist/', '.dev/', 'coverage/', '.data/', '.demo/', '**/generated/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },

  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...correctness,
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // A default that throws or answers `never` does not stand in for a case that is missing.
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],

      // An arrow that answers what it calls, nothing included; a number in a message; the digits of a number.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-misused-spread': ['error', { allow: [{ from: 'lib', name: 'string' }, 'string'] }],
      // It takes casts away that the compiler needs (between kinds of level), or that make something of an `any`.
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      // Types that say more than they must: `string | 'memory'`, `Promise<void[]>`, `sublevel<string, string>`.
      '@typescript-eslint/no-redundant-type-constituents': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-unnecessary-type-arguments': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/platform/run.ts', 'src/platform/commands/*.ts', ...TEST_CODE],
    rules: { 'no-console': 'error' },
  },
  {
    // kafkajs types closures as methods.
    files: ['src/platform/kafka/*.ts'],
    rules: { '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: TEST_CODE,
    rules: {
      'max-lines': ['error', { max: 500, skipBlankLines: false, skipComments: false }],
      // Answers of HTTP and asymmetric matchers are `any`; fakes are async with nothing to wait for.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },

  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly'])),
    },
    rules: {
      ...correctness,
      'no-undef': 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  prettier,
);
