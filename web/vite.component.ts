import { defineConfig } from 'vite';
import { smallTemplates } from './small-templates.js';

/** <tailrace-log> for other people's pages: one script that needs no other file. */
export default defineConfig({
  plugins: [smallTemplates()],
  publicDir: false,
  build: {
    target: 'es2022',
    // Beside the pages, which are built first.
    emptyOutDir: false,
    lib: {
      entry: 'src/lines/log-element.ts',
      formats: ['iife'],
      name: 'tailrace',
      fileName: () => 'assets/tailrace-log.js',
    },
  },
});
