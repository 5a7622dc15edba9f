import type { Figures } from '@serverless-gitlab-runner/simulation';

/** A goal for a team of 50. */
export interface Goal {
  goal: string;
  target: number;
  /** Undefined if it could not be computed; the goal is then missed. */
  value: number | undefined;
  isMet: boolean;
}

/**
 * Compares the chosen policy with the goals.
 * @param small the chosen policy with small images, compared with today's policy and images
 * @param wrong always wrong predictions in a fleet's first week
 */
export function goalsOf(
  { figures, chosen }: { figures: readonly Figures[]; chosen: string },
  small: Figures,
  wrong: Figures,
): Goal[] {
  const best = figures.find(({ policy }) => policy === chosen);
  return [
    goal('waiting time of a pipeline, median, in starts', 1.3, best?.waitedStarts.median),
    goal('waiting time of a pipeline, mean, in starts', 1.5, best?.waitedStarts.mean),
    goal(
      'waiting time of pipelines of four or more stages, mean, in starts',
      1.7,
      best?.longPipelinesMeanStarts,
    ),
    goal('cost, relative to today', 1.2, best?.cost),
    goal('USD per saved minute', 0.005, best?.usdPerSavedMinute),
    goal('always wrong predictions, first week: waiting time, relative to today', 1.02, wrong.waiting),
    goal('always wrong predictions, first week: cost, relative to today', 1.05, wrong.cost),
    goal('small images: seconds waited, relative to today', 0.3, small.waiting),
  ];
}

function goal(text: string, target: number, value: number | undefined): Goal {
  return { goal: text, target, value, isMet: value !== undefined && value <= target };
}
