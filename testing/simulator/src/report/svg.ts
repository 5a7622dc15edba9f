/** Minimal SVG for the plots: no scripts or fonts, legible on light and dark backgrounds. */

/** Palette: the colours for light and dark backgrounds. */
const COLOURS = [
  ['#6e7781', '#9198a1'],
  ['#0969da', '#58a6ff'],
  ['#1a7f37', '#3fb950'],
  ['#bc4c00', '#f0883e'],
  ['#8250df', '#bc8cff'],
  ['#bf3989', '#f778ba'],
] as const;

const STYLE = `
  svg { color-scheme: light dark; font: 13px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
  .title { font-size: 16px; font-weight: 600; } .line { fill: none; stroke-width: 2; } .mark { stroke-width: 2; } .dot { stroke-width: 1.5; }
  ${rulesFor('#ffffff', '#1f2328', '#59636e', '#d1d9e0', 0)}
  @media (prefers-color-scheme: dark) { ${rulesFor('#0d1117', '#e6edf3', '#9198a1', '#30363d', 1)} }`;

/** CSS rules without variables, which not every SVG viewer supports. */
function rulesFor(card: string, ink: string, soft: string, grid: string, scheme: 0 | 1): string {
  const colours = COLOURS.map(
    (colour, index) =>
      `.fill.c${index} { fill: ${colour[scheme]}; } .line.c${index} { stroke: ${colour[scheme]}; }`,
  );
  return [
    `.card { fill: ${card}; } text { fill: ${ink}; } text.soft { fill: ${soft}; } .grid { stroke: ${grid}; }`,
    `.mark { stroke: ${ink}; } .dot { fill: ${card}; stroke: ${ink}; }`,
    ...colours,
  ].join(' ');
}

/** Index into the palette; 0 is grey. */
export type Colour = 0 | 1 | 2 | 3 | 4 | 5;

export interface Size {
  width: number;
  height: number;
}

/** Renders a complete SVG document. The title names the units. */
export function renderSvg(
  { width, height }: Size,
  title: string,
  subtitle: string,
  body: readonly string[],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title><style>${STYLE}</style>`,
    `<rect class="card" width="${width}" height="${height}" rx="6"/>`,
    text(16, 28, title, { class: 'title' }),
    text(16, 48, subtitle, { class: 'soft' }),
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

export function text(
  x: number,
  y: number,
  content: string,
  { anchor = 'start', ...attributes }: { anchor?: 'start' | 'middle' | 'end'; class?: string } = {},
): string {
  const kind = attributes.class === undefined ? '' : ` class="${attributes.class}"`;
  return `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}"${kind}>${escaped(content)}</text>`;
}

export function bar(x: number, y: number, { width, height }: Size, colour: Colour): string {
  return `<rect class="fill c${colour}" x="${at(x)}" y="${at(y)}" width="${at(Math.max(0, width))}" height="${at(height)}"/>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return `<line class="${kind}" x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}"/>`;
}

export function dot(x: number, y: number): string {
  return `<circle class="dot" cx="${at(x)}" cy="${at(y)}" r="4"/>`;
}

export function disc(x: number, y: number, colour: Colour): string {
  return `<circle class="fill c${colour}" cx="${at(x)}" cy="${at(y)}" r="4"/>`;
}

/** @param dash lengths of dashes and gaps; empty for a solid line */
export function path(points: readonly (readonly [number, number])[], colour: Colour, dash: string): string {
  const [first, ...rest] = points.map(([x, y]) => `${at(x)} ${at(y)}`);
  if (first === undefined) return '';
  const dashes = dash === '' ? '' : ` stroke-dasharray="${dash}"`;
  return `<path class="line c${colour}" d="M${first}${rest.map((point) => `L${point}`).join('')}"${dashes}/>`;
}

/** Four to eight round tick values from 0 to `max`. */
export function ticks(max: number): number[] {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000];
  const step = steps.find((candidate) => max / candidate <= 8) ?? max;
  return Array.from({ length: Math.floor(max / step + 1e-9) + 1 }, (_, index) => index * step);
}

function at(value: number): string {
  return `${Math.round(value * 10) / 10}`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
