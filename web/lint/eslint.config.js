// What the compiler and the formatter can't find: promises that nobody waits for, values of type
// `any`, and the rest of typescript-eslint's strict set. It stands in a folder of its own because
// its parser needs an older TypeScript than the one that compiles the pages.
import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(eslint.configs.recommended, tseslint.configs.strictTypeChecked, {
  languageOptions: {
    parserOptions: { project: './lint/tsconfig.json', tsconfigRootDir: process.cwd() },
  },
  linterOptions: { reportUnusedDisableDirectives: 'error' },
  rules: {
    // Terminal text is full of control characters.
    'no-control-regex': 'off',
    // `return this.close();` leaves a function early.
    '@typescript-eslint/no-confusing-void-expression': 'off',
    // An event map joins the global one by an interface without members.
    '@typescript-eslint/no-empty-object-type': [
      'error',
      { allowInterfaces: 'with-single-extends' },
    ],
    // It takes what was seen before an `await` or a call for what holds behind it.
    '@typescript-eslint/no-unnecessary-condition': 'off',
    // Lit binds a template's listeners to the element.
    '@typescript-eslint/unbound-method': 'off',
    '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
  },
});
