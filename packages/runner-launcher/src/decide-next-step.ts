import type { ManagerFacts } from '@serverless-gitlab-runner/aws/ecs-tasks';
import type { Group } from './group-outcomes.ts';
import type { LaunchState } from './launch-state.ts';
import type { LaunchPlan } from './plan-launch.ts';

export interface StepFacts extends Pick<Group, 'requests' | 'config'> {
  plan: Pick<LaunchPlan, 'mark' | 'launch'>;
  state: Pick<LaunchState, 'marked' | 'endedTasks'>;
  /** Milliseconds since 1970. */
  now: number;
}

export type Step =
  /** Write the demand mark: a marked manager is not drained unless both sides notice. */
  | { kind: 'mark'; managers: ManagerFacts[] }
  /** Read ended tasks: a job whose message came back may have run already, or managers may have asked for it in vain. */
  | { kind: 'read-ended-tasks' }
  | { kind: 'launch'; slots: number[] }
  | { kind: 'done' };

/**
 * A mark this recent suffices for jobs, whose messages come back: a reaper that drains at the same time is noticed at the next
 * poll. A request without a job is answered once, so it always writes its own mark.
 */
const MARK_VALID_MS = 10_000;

/** Decides the next step of a plan: mark managers, then make sure that a launch is needed, then launch. */
export function decideNextStep({ plan, state, requests, config, now }: StepFacts): Step {
  const allComeBack = requests.every(({ jobId }) => jobId !== undefined);
  const validMs = allComeBack ? Math.min(MARK_VALID_MS, (config.manager.idleSeconds * 1000) / 2) : 0;
  const isMarked = ({ taskArn, demandAt = 0 }: ManagerFacts) =>
    state.marked.has(taskArn) || now - demandAt < validMs;
  const unmarked = plan.mark.filter((manager) => !isMarked(manager));
  if (unmarked.length > 0) return { kind: 'mark', managers: unmarked };
  if (plan.launch.length === 0) return { kind: 'done' };
  const someCameBack = requests.some(({ message }) => message.receiveCount > 1);
  if (someCameBack && state.endedTasks === undefined) return { kind: 'read-ended-tasks' };
  return { kind: 'launch', slots: plan.launch };
}
