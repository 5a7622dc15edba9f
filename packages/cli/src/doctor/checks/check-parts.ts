import { broken, type Finding } from '../finding.ts';

/** A resource without which webhooks are not received, or managers neither started nor drained. */
export interface PartFacts {
  /** What it is, such as `The rule of runner-launcher`. */
  what: string;
  /** Its name or id. */
  id: string;
  /** `missing`: deleted, but not by CloudFormation. `throttled`: a function with no concurrency. */
  state: 'enabled' | 'disabled' | 'throttled' | 'missing';
  /** What does not happen without it. */
  effect: string;
  /** The command that enables it. */
  enable: string;
}

/** Whether the parts between GitLab and ECS are there and enabled. */
export function checkParts(parts: readonly PartFacts[]): Finding[] {
  return parts.flatMap(({ what, id, state, effect, enable }) => {
    switch (state) {
      case 'enabled':
        return [];
      case 'disabled':
        return broken('part-disabled', `${what} (${id}) is disabled, so ${effect}`, enable);
      case 'throttled':
        return broken(
          'function-throttled',
          `${what} (${id}) may not run at all: its reserved concurrency is 0, so ${effect}`,
          `aws lambda delete-function-concurrency --function-name ${id}`,
        );
      default:
        return broken(
          'part-missing',
          `${what} (${id}) was deleted, so ${effect}`,
          'Delete its stack, and deploy again: npm run deploy',
        );
    }
  });
}
