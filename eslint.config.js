import tseslint from 'typescript-eslint';

// What a folder may import, by the dependency direction of docs/architecture.md. Cycles: .dependency-cruiser.cjs.
const LAYERS = {
  api: [],
  plan: ['api'],
  generators: ['api', 'plan'],
  charts: ['api', 'plan', 'generators'],
  kubernetes: ['api'],
  hook: ['api', 'plan', 'generators', 'kubernetes'],
  steps: ['api', 'kubernetes'],
};
const FOLDERS = [...Object.keys(LAYERS), 'cli'];
const PURE = ['api', 'plan', 'generators'];

const direction = Object.entries(LAYERS).map(([folder, allowed]) => {
  const forbidden = FOLDERS.filter((other) => other !== folder && !allowed.includes(other));
  const isPure = PURE.includes(folder);
  return {
    files: [`src/${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: forbidden.map((other) => `**/${other}/**`),
              message: `src/${folder} may import ${allowed.join(', ') || 'nothing else of src'}.`,
            },
            ...(isPure
              ? [
                  {
                    regex: '^node:(?!crypto$)',
                    message: 'Pure folder: no I/O (node:crypto hashes are fine).',
                  },
                ]
              : []),
          ],
        },
      ],
    },
  };
});

export default tseslint.config(
  { ignores: ['dist/', 'out/', 'bundle/', 'node_modules/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      // Store implementations answer at once where the real one waits.
      '@typescript-eslint/require-await': 'off',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  ...direction,
  {
    files: PURE.map((folder) => `src/${folder}/**/*.ts`),
    rules: {
      'no-restricted-globals': [
        'error',
        'process',
        'fetch',
        'console',
        'setTimeout',
        'setInterval',
        'performance',
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Pure folder: time is a parameter.' },
        { object: 'Math', property: 'random', message: 'Pure folder: randomness is a parameter.' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
          message: 'Pure folder: time is a parameter.',
        },
      ],
    },
  },
);
