/** The example's functions, for use without a Lambda. */
export { costLine } from './cost-line.ts';
export { handler } from './handler.ts';
