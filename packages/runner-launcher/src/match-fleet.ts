import type { FleetConfig } from '@serverless-gitlab-runner/fleet';

/** Whether a job's branch or tag is protected. `unknown`: a merge request's ref, or GitLab did not answer. */
export type RefProtection = 'protected' | 'not-protected' | 'unknown';

/** The properties of a job that decide which runners may take it. */
export interface JobRequirements {
  tagList: readonly string[];
  refProtection: RefProtection;
}

export interface FleetRunner {
  name: string;
  /** Undefined: not configured. The fleet then takes every job of its own webhook URL, and no other job. */
  runner?: FleetConfig['runner'];
}

type Takes = 'yes' | 'maybe' | 'no';

/**
 * Whether a runner takes a job, by GitLab's rules: the runner has all of the job's tags, an untagged job needs a runner that runs
 * untagged jobs, and a protected runner takes jobs of protected refs only.
 * @see https://docs.gitlab.com/ci/runners/configure_runners/
 */
export function takesJob(runner: NonNullable<FleetConfig['runner']>, job: JobRequirements): Takes {
  const tagsMatch = job.tagList.length === 0 ? runner.runUntagged : hasAll(runner.tagList, job.tagList);
  if (!tagsMatch) return 'no';
  if (runner.accessLevel === 'not_protected' || job.refProtection === 'protected') return 'yes';
  return job.refProtection === 'unknown' ? 'maybe' : 'no';
}

/**
 * The fleet that a job belongs to, or undefined when no fleet takes it. The webhook URL's own fleet comes first, then the others
 * by name. A fleet that may take the job comes after those that do take it: a needless manager is better than a lost job.
 */
export function matchFleet(
  job: JobRequirements,
  own: FleetRunner,
  others: readonly FleetRunner[],
): string | undefined {
  // Stryker disable next-line EqualityOperator: no two fleets have the same name
  const candidates = [own, ...others.toSorted((one, other) => (one.name < other.name ? -1 : 1))];
  const answers = candidates.map((fleet) => ({ name: fleet.name, takes: fleetTakesJob(fleet, own, job) }));
  const match =
    answers.find(({ takes }) => takes === 'yes') ?? answers.find(({ takes }) => takes === 'maybe');
  return match?.name;
}

/** Whether the matching fleet depends on the ref's protection. Only then is GitLab asked for it. */
export function dependsOnProtection(
  tagList: readonly string[],
  own: FleetRunner,
  others: readonly FleetRunner[],
): boolean {
  const matchWith = (refProtection: RefProtection) => matchFleet({ tagList, refProtection }, own, others);
  // Stryker disable next-line StringLiteral: any value other than "protected" and "unknown" means not protected
  const unprotectedMatch = matchWith('not-protected');
  return matchWith('protected') !== unprotectedMatch;
}

function fleetTakesJob({ name, runner }: FleetRunner, own: FleetRunner, job: JobRequirements): Takes {
  if (runner) return takesJob(runner, job);
  if (name === own.name) return 'yes';
  // Stryker disable next-line StringLiteral: any value other than "yes" and "maybe" means no
  return 'no';
}

function hasAll(tags: readonly string[], required: readonly string[]): boolean {
  return required.every((tag) => tags.includes(tag));
}
