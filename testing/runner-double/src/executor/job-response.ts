import * as z from 'zod';
import { expandValue, type Variable } from '../job/variables.ts';

const named = z.looseObject({ name: z.string().nullish(), alias: z.string().nullish() });
const jobSchema = z.looseObject({ image: named.nullish(), services: z.array(named).nullish() });

/**
 * The content of `JOB_RESPONSE_FILE`: the job as GitLab sent it, with two exceptions. Names of images and services are expanded,
 * as in the real runner since 16.0, and a missing image has an empty name.
 */
export function jobResponse(rawJob: string, variables: readonly Variable[]): string {
  const job = jobSchema.parse(JSON.parse(rawJob));
  const expanded = ({ name, alias, ...others }: z.infer<typeof named>) => ({
    ...others,
    name: expandValue(name ?? '', variables),
    alias: expandValue(alias ?? '', variables),
  });
  return JSON.stringify({
    ...job,
    image: expanded(job.image ?? {}),
    services: (job.services ?? []).map(expanded),
  });
}
