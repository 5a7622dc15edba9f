/** CloudFormation stacks: their state, and why their last operation failed. */
export {
  explainFailure,
  firstFailure,
  needsServiceLinkedRole,
  newestEvent,
  type StackFailure,
} from './stack-failure.ts';
export { describeStack, isUsable, outputsOf, settledStack } from './stack-state.ts';
