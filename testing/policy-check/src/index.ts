/** Evaluates recorded AWS calls against the policies of the synthesised stacks. */
export { evaluateRecordings, iamFailures } from './evaluate-calls.ts';
export type { Recording } from './recording.ts';
export { renderIamReport } from './render.ts';
export { synthesise } from './synthesise.ts';
