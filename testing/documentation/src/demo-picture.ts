/** Characters of a line that is shown; longer ones are cut. */
const MAX_COLUMNS = 98;
const CHARACTER_PX = 8;
const LINE_PX = 18;
const PADDING_PX = 16;
/** Height of the bar above the lines, as a terminal's window has it. */
const TITLE_PX = 28;

const STYLE = `.terminal { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.terminal .screen { fill: #0d1117; stroke: #30363d; } .terminal text { fill: #e6edf3; white-space: pre; } .terminal .done { fill: #3fb950; } .terminal .bar { fill: #58a6ff; } .terminal .soft { fill: #9198a1; }`;

/**
 * Draws the screen of a run of `npm run demo`: its steps, and what it prints at the end without the wide table.
 * @param log the output of the run
 * @returns an SVG
 * @throws {Error} if the log is not of a run that passed
 */
export function renderDemoPicture(log: string): string {
  const lines = ['$ npm run demo', ...linesOf(log)].map((line) => line.slice(0, MAX_COLUMNS));
  const width = MAX_COLUMNS * CHARACTER_PX + 2 * PADDING_PX;
  const height = TITLE_PX + lines.length * LINE_PX + PADDING_PX;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" class="terminal" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Screen of npm run demo">`,
    `<title>Screen of npm run demo</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="screen" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    ...lines.flatMap((line, index) => lineElement(line, TITLE_PX + index * LINE_PX)),
    '</svg>',
  ].join('\n')}\n`;
}

function linesOf(log: string): string[] {
  const lines = log.split('\n').map((line) => line.trimEnd());
  const deployed = lines.findIndex((line) => line.startsWith('✓ Deploying'));
  const chart = lines.findIndex((line) => line.startsWith('Managers and job tasks'));
  const end = lines.findIndex((line) => line.startsWith('All checks passed'));
  if (deployed < 0 || chart < deployed || end < chart)
    throw new Error('This is not the output of a demo that passed: run "npm run demo > FILE 2>&1" first');
  const steps = lines.filter((line, index) => line.startsWith('✓') && index < chart);
  return [...steps, '', ...lines.slice(chart, end), lines[end]?.replace(/\..*/, '.') ?? ''];
}

/** A line of text with its exact width, since fonts draw block characters differently. */
function lineElement(line: string, y: number): string[] {
  if (line.trim() === '') return [];
  const indent = line.length - line.trimStart().length;
  const text = line.trimStart();
  const x = PADDING_PX + indent * CHARACTER_PX;
  const kind = kindOf(line);
  const name = kind === undefined ? '' : ` class="${kind}"`;
  const length = text.length * CHARACTER_PX;
  return [
    `<text${name} x="${x}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs">${escapeXml(text)}</text>`,
  ];
}

function kindOf(line: string): string | undefined {
  if (line.startsWith('✓') || line.startsWith('All checks')) return 'done';
  if (line.includes('█') && !line.includes('running')) return 'bar';
  if (line.startsWith('setup') || /^\s+(0 s|·)/.test(line)) return 'soft';
  return undefined;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
