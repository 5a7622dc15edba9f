/** The example's parts, for whoever wants to try them without a Lambda. */
export { costLine } from './cost-line.ts';
export { handler } from './handler.ts';
