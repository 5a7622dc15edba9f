import type { Figures } from './figures.ts';
import type { TeamResult } from './study.ts';

/** A goal for a team of 50. */
export interface Goal {
  goal: string;
  target: number;
  /** Undefined: it could not be measured, which does not meet it. */
  value: number | undefined;
  isMet: boolean;
}

/**
 * Compares the chosen policy with the goals.
 * @param small the chosen policy with small images, compared with today's policy and images
 * @param wrong predictions that are always wrong, over a fleet's first week
 */
export function goalsOf({ figures, chosen }: TeamResult, small: Figures, wrong: Figures): Goal[] {
  const best = figures.find(({ policy }) => policy === chosen);
  return [
    goal('waiting of a pipeline, median, in starts', 1.3, best?.waitedStarts.median),
    goal('waiting of a pipeline, mean, in starts', 1.5, best?.waitedStarts.mean),
    goal('waiting of pipelines of four and more stages, mean, in starts', 1.7, best?.longPipelinesMeanStarts),
    goal("cost, by today's", 1.2, best?.cost),
    goal('dollars a saved minute', 0.005, best?.usdPerSavedMinute),
    goal("predictions always wrong, the first week: waiting by today's", 1.02, wrong.waiting),
    goal("predictions always wrong, the first week: cost by today's", 1.05, wrong.cost),
    goal("with small images: seconds waited by today's", 0.3, small.waiting),
  ];
}

function goal(text: string, target: number, value: number | undefined): Goal {
  return { goal: text, target, value, isMet: value !== undefined && value <= target };
}
