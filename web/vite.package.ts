import { defineConfig } from 'vite';
import { smallTemplates } from './small-templates.js';

/** The npm package: ES modules that need no other package. package.sh puts the rest beside them. */
export default defineConfig({
  plugins: [smallTemplates()],
  publicDir: false,
  build: {
    target: 'es2022',
    emptyOutDir: true,
    lib: {
      entry: {
        client: 'src/client/index.ts',
        element: 'src/lines/log-element.ts',
        index: 'src/package.ts',
      },
      formats: ['es'],
    },
    rollupOptions: { output: { chunkFileNames: 'shared-[hash].js' } },
  },
});
