/** What other plots of this repository are drawn with. The simulator itself is a command, see `main.ts`. */
export { bar, line, renderSvg, text, ticks } from './report/svg.ts';
