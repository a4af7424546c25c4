// For Vite: css`…` of components without comments and indentation, which no minifier looks into.

import type { Plugin } from 'vite';

export function smallCssTemplates(): Plugin {
  return {
    name: 'small-css-templates',
    enforce: 'pre',
    apply: 'build',
    transform(code, id) {
      if (!id.endsWith('.ts')) return null;
      const small = code.replace(/\bcss`[^`]*`/g, (template) =>
        template
          .replace(/\/\*[^]*?\*\//g, '')
          .replace(/\s+/g, ' ')
          .replace(/ ?([{};,]) ?/g, '$1'),
      );
      return { code: small, map: null };
    },
  };
}
