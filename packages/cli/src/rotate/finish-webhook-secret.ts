import * as z from 'zod';
import type { LogLine } from '../read-log-lines.ts';

/** What the receiver's log says of the webhooks since a new secret was stored. */
export interface SecretUse {
  /** Projects whose last webhook proved the current secret. */
  current: string[];
  /** Projects whose last webhook still proved the previous one. */
  previous: string[];
}

const useSchema = z.object({
  message: z.literal('webhook answered'),
  fleet: z.string(),
  secret: z.enum(['current', 'previous']),
  projectId: z.number().optional(),
});

/** The last use of each project. @param lines of the receiver's log, oldest first */
export function secretUse(fleet: string, lines: readonly LogLine[]): SecretUse {
  const last = new Map<string, 'current' | 'previous'>();
  for (const { fields } of lines) {
    const line = useSchema.safeParse(fields).data;
    if (line?.fleet === fleet)
      last.set(line.projectId === undefined ? 'unknown' : `${line.projectId}`, line.secret);
  }
  const of = (secret: 'current' | 'previous') =>
    [...last].flatMap(([project, used]) => (used === secret ? project : []));
  return { current: of('current'), previous: of('previous') };
}

/** Why the previous secret must stay; undefined if it may be deleted. */
export function whyNotFinished({ current, previous }: SecretUse): string | undefined {
  if (previous.length > 0)
    return `The last webhook of ${previous.map((project) => `project ${project}`).join(', ')} still had the previous secret: enter the new one there.`;
  if (current.length === 0)
    return 'No webhook has arrived since the new secret was stored. In GitLab, run Settings → Webhooks → Test → Job events for each webhook, or push a job.';
  return undefined;
}
