import type { JobDefinition } from '../model/definitions.ts';
import type { JobKeywords } from './keywords.ts';

/** Expands a job with `parallel` into its jobs, with GitLab's names and numbers. */
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
    (rows, [key, values]) => rows.flatMap((entry) => values.map((value) => ({ ...entry, [key]: value }))),
    [{}],
  );
}
