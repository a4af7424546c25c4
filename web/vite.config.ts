import { defineConfig } from 'vitest/config';
import type { Plugin } from 'vite';
import { smallTemplates } from './small-templates.js';

/** base.css has the theme for all of the page; the lines need no second one. */
const oneTheme: Plugin = {
  name: 'one-theme',
  enforce: 'pre',
  apply: 'build',
  load: (id) => (id.endsWith('/lines/theme.css?inline') ? '' : null),
};

export default defineConfig({
  plugins: [oneTheme, smallTemplates()],
  // Every URL of the page serves the same index.html, so its links have to be absolute.
  base: '/',
  build: {
    target: 'es2022',
    emptyOutDir: true,
    // The server sends `default-src 'self'`, which forbids data: URLs and inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    // `npm run dev` shows the logs of a `tailrace serve` with its default address.
    proxy: { '/api': 'http://127.0.0.1:8080' },
  },
  // Generous: a loaded machine is slow, a broken loop never ends.
  test: { include: ['src/**/*.test.ts'], css: true, testTimeout: 60_000 },
});
