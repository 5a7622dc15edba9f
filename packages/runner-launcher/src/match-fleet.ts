import type { FleetConfig } from '@serverless-gitlab-runner/fleet';

/** Whether a job's branch or tag is protected. `unknown`: a merge request's ref, or GitLab did not say. */
export type RefProtection = 'protected' | 'not-protected' | 'unknown';

/** What of a job decides which runners may take it. */
export interface JobMark {
  tagList: readonly string[];
  refProtection: RefProtection;
}

export interface FleetOffer {
  name: string;
  /** Undefined: unsaid, so that the fleet takes whatever comes to its own webhook URL, and nothing else. */
  runner?: FleetConfig['runner'];
}

type Takes = 'yes' | 'maybe' | 'no';

/**
 * Whether a runner takes a job, as GitLab decides it: the runner has all of the job's tags, takes untagged jobs if there are
 * none, and if it is protected takes jobs of protected refs only.
 * @see https://docs.gitlab.com/ci/runners/configure_runners/
 */
export function takesJob(runner: NonNullable<FleetConfig['runner']>, job: JobMark): Takes {
  const fits = job.tagList.length === 0 ? runner.runUntagged : hasAll(runner.tagList, job.tagList);
  if (!fits) return 'no';
  if (runner.accessLevel === 'not_protected' || job.refProtection === 'protected') return 'yes';
  return job.refProtection === 'unknown' ? 'maybe' : 'no';
}

/**
 * The fleet that a job belongs to, or undefined when none of them takes it. The webhook URL's own fleet comes first, then the
 * others by name; a fleet that only may take it comes after those that do: a manager in vain is better than a lost job.
 */
export function matchFleet(job: JobMark, own: FleetOffer, others: readonly FleetOffer[]): string | undefined {
  // Stryker disable next-line EqualityOperator: no two fleets have one name
  const offers = [own, ...others.toSorted((one, other) => (one.name < other.name ? -1 : 1))];
  const answers = offers.map((offer) => ({ name: offer.name, takes: answerOf(offer, own, job) }));
  const taker =
    answers.find(({ takes }) => takes === 'yes') ?? answers.find(({ takes }) => takes === 'maybe');
  return taker?.name;
}

/** Whether it depends on the ref's protection where a job belongs: only then GitLab is asked for it. */
export function dependsOnProtection(
  tagList: readonly string[],
  own: FleetOffer,
  others: readonly FleetOffer[],
): boolean {
  const where = (refProtection: RefProtection) => matchFleet({ tagList, refProtection }, own, others);
  // Stryker disable next-line StringLiteral: whatever is neither "protected" nor "unknown" is not protected
  const elsewhere = where('not-protected');
  return where('protected') !== elsewhere;
}

function answerOf({ name, runner }: FleetOffer, own: FleetOffer, job: JobMark): Takes {
  if (runner) return takesJob(runner, job);
  if (name === own.name) return 'yes';
  // Stryker disable next-line StringLiteral: whatever is neither "yes" nor "maybe" is no
  return 'no';
}

function hasAll(tags: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((tag) => tags.includes(tag));
}
