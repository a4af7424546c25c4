// How a piece of text looks: what "Select Graphic Rendition" (ECMA-48 §8.3.117, ITU T.416 §13.1.8
// for colours) says, as data.

/** 0..255: of the palette; RGB + so much: a true colour. */
export const TRUE_COLOUR = 0x1000000;

export interface Style {
  readonly fg?: number;
  readonly bg?: number;
  readonly bold?: true;
  readonly dim?: true;
  readonly italic?: true;
  readonly underline?: true;
  readonly strike?: true;
  readonly inverse?: true;
}

export const PLAIN: Style = {};

type Change = Partial<Record<keyof Style, number | true | undefined>>;

const CHANGES = new Map<number, Change>([
  [1, { bold: true }],
  [2, { dim: true }],
  [3, { italic: true }],
  [4, { underline: true }],
  [7, { inverse: true }],
  [9, { strike: true }],
  [21, { underline: true }],
  [22, { bold: undefined, dim: undefined }],
  [23, { italic: undefined }],
  [24, { underline: undefined }],
  [27, { inverse: undefined }],
  [29, { strike: undefined }],
  [39, { fg: undefined }],
  [49, { bg: undefined }],
]);

/** `parameters` is what stands between "CSI" and "m". What is not known changes nothing. */
export function applySgr(style: Style, parameters: string): Style {
  let next = style;
  const codes = parameters.split(';');
  for (let i = 0; i < codes.length; i++) {
    const [code = 0, ...rest] = numbersOf(codes[i] ?? '', ':');
    if (code === 38 || code === 48 || code === 58) {
      const own = rest.length > 0;
      const values = own ? rest : numbersOf(codes.slice(i + 1, i + 5).join(';'), ';');
      const [colour, used] = extendedColour(values, own);
      if (!own) i += used;
      if (code !== 58 && colour !== undefined)
        next = changed(next, code === 38 ? { fg: colour } : { bg: colour });
    } else if (code === 4 && rest[0] === 0) {
      next = changed(next, { underline: undefined });
    } else {
      next = applyCode(next, code);
    }
  }
  return next;
}

function numbersOf(text: string, separator: string): number[] {
  return text.split(separator).map((part) => (part === '' ? 0 : Math.min(Number(part), 65_535)));
}

function applyCode(style: Style, code: number): Style {
  if (code === 0) return PLAIN;
  const change = CHANGES.get(code);
  if (change !== undefined) return changed(style, change);
  if (code >= 30 && code <= 37) return changed(style, { fg: code - 30 });
  if (code >= 40 && code <= 47) return changed(style, { bg: code - 40 });
  if (code >= 90 && code <= 97) return changed(style, { fg: code - 90 + 8 });
  if (code >= 100 && code <= 107) return changed(style, { bg: code - 100 + 8 });
  return style;
}

function changed(style: Style, change: Change): Style {
  const set = Object.entries({ ...style, ...change }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as Style;
}

/**
 * The colour of `5;N` or `2;R;G;B`, or with colons of `5:N`, `2::R:G:B` and `2:R:G:B`, and how many
 * numbers that took.
 */
function extendedColour(values: number[], colons: boolean): [number | undefined, number] {
  const [kind, a = 0] = values;
  if (kind === 5) return [a <= 255 ? a : undefined, 2];
  if (kind !== 2) return [undefined, 1];
  const [red = 0, green = 0, blue = 0] =
    colons && values.length >= 5 ? values.slice(2) : values.slice(1);
  if (Math.max(red, green, blue) > 255) return [undefined, 4];
  return [TRUE_COLOUR + red * 65_536 + green * 256 + blue, 4];
}

/** "#rrggbb" of a colour beyond the first 16, which belong to the theme. */
export function cssColour(colour: number): string {
  if (colour >= TRUE_COLOUR) return `#${(colour - TRUE_COLOUR).toString(16).padStart(6, '0')}`;
  if (colour >= 232) return rgb([0, 0, 0].map(() => 8 + (colour - 232) * 10));
  const cube = colour - 16;
  const levels = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6];
  return rgb(levels.map((step) => (step === 0 ? 0 : 55 + step * 40)));
}

function rgb(parts: number[]): string {
  return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}
