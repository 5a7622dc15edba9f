import { broken, type Finding, warning } from '../finding.ts';

export interface StackFacts {
  name: string;
  /** Undefined: it does not exist. */
  status: string | undefined;
}

/** Whether the stacks are there, and whole. */
export function checkStacks(stacks: readonly StackFacts[], region: string): Finding[] {
  return stacks.flatMap(({ name, status }) => {
    if (status === undefined)
      return broken(
        'stack-missing',
        `${name} is not deployed in ${region}`,
        'npm run deploy, or choose another account or region with AWS_PROFILE and AWS_REGION',
      );
    if (status.endsWith('_IN_PROGRESS'))
      return warning(
        'stack-changing',
        `${name} is being changed (${status})`,
        'Run sgr doctor again in some minutes',
      );
    return /^(CREATE|UPDATE|IMPORT|UPDATE_ROLLBACK|IMPORT_ROLLBACK)_COMPLETE$/.test(status)
      ? []
      : broken('stack-failed', `${name} is in the state ${status}`, 'npm run deploy, which tells the cause');
  });
}
