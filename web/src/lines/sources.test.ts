import { describe, expect, it } from 'vitest';
import base from '../pages/base.css?raw';
import { SOURCE_COLOURS, sourceColour } from './sources.js';
import css from './theme.css?raw';

/** Both colours of a pair. */
function pair(name: string): [string, string] {
  const found = new RegExp(`light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(
    css.slice(css.indexOf(`--${name}:`)),
  );
  return [found?.[1] ?? '', found?.[2] ?? ''];
}

/** WCAG 2.2, relative luminance. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

describe('colours of sources', () => {
  it('are readable on every ground of every theme', () => {
    const contrastGrounds = [...base.matchAll(/(panel|hover|target): (#\w+);/g)];
    expect(contrastGrounds.length).toBe(3);
    for (let colour = 0; colour < SOURCE_COLOURS; colour++) {
      const [light, dark] = pair(`source-${colour}`);
      for (const ground of ['panel', 'hover', 'target']) {
        const [lightGround, darkGround] = pair(ground);
        expect(contrast(light, lightGround), `${light} on ${ground}`).toBeGreaterThan(4.5);
        expect(contrast(dark, darkGround), `${dark} on ${ground}`).toBeGreaterThan(4.5);
      }
      for (const [, , short = ''] of contrastGrounds) {
        const ground = short.length === 4 ? short.replace(/\w/g, '$&$&') : short;
        expect(contrast(dark, ground), `${dark} on ${ground}`).toBeGreaterThan(4.5);
      }
    }
  });

  it('follow from the name and are spread', () => {
    expect(sourceColour('web-7d9f/app')).toBe(sourceColour('web-7d9f/app'));
    const used = new Set(Array.from({ length: 100 }, (_, i) => sourceColour(`web-7d9f-${i}/app`)));
    expect(used.size).toBe(SOURCE_COLOURS);
  });
});
