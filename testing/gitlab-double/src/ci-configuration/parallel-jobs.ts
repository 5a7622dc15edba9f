import type { JobDefinition } from '../model/definitions.ts';
import type { JobKeywords } from './keywords.ts';

/** The jobs that `parallel` makes of one, named and numbered as GitLab does. */
export function parallelJobs(job: JobDefinition, parallel: JobKeywords['parallel']): JobDefinition[] {
  if (parallel === undefined) return [job];
  const variants =
    typeof parallel === 'number'
      ? Array.from({ length: parallel }, (_, index) => ({
          name: `${job.name} ${index + 1}/${parallel}`,
          variables: {},
        }))
      : parallel.matrix.flatMap(combinations).map((variables) => ({
          name: `${job.name}: [${Object.values(variables).join(', ')}]`,
          variables,
        }));
  return variants.map(({ name, variables }, index) => ({
    ...job,
    name,
    variables: {
      ...job.variables,
      ...variables,
      CI_NODE_INDEX: `${index + 1}`,
      CI_NODE_TOTAL: `${variants.length}`,
    },
  }));
}

function combinations(row: Readonly<Record<string, readonly string[]>>): Record<string, string>[] {
  return Object.entries(row).reduce<Record<string, string>[]>(
    (found, [key, values]) => found.flatMap((one) => values.map((value) => ({ ...one, [key]: value }))),
    [{}],
  );
}
