import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import type { ValidFleet } from './choose-fleet.ts';
import type { HookPlace } from './gitlab/hook-place.ts';
import { readLogLines } from './read-log-lines.ts';

/** Ids of projects by the fleet that their webhooks name. */
export type KnownProjects = ReadonlyMap<string, ReadonlySet<number>>;

/** The receiver's log is kept for two weeks; that many pages of it are searched. */
const LOG_DAYS = 14;
const MAX_PAGES = 20;

const publishedSchema = z.object({
  message: z.literal('webhook answered'),
  fleet: z.string(),
  projectId: z.number(),
});

/** Finds the projects whose webhooks were accepted lately, in the receiver's log. */
export async function readKnownProjects(
  logs: CloudWatchLogsClient,
  logGroupName: string,
  now: number,
): Promise<KnownProjects> {
  const since = now - LOG_DAYS * 86_400_000;
  const query = { logGroupName, filterPattern: '"published"', since, maxPages: MAX_PAGES };
  const projects = new Map<string, Set<number>>();
  for (const { fields } of await readLogLines(logs, query)) {
    const line = publishedSchema.safeParse(fields).data;
    if (line === undefined) continue;
    const known = projects.get(line.fleet) ?? new Set();
    projects.set(line.fleet, known.add(line.projectId));
  }
  return projects;
}

/** Where webhooks of some fleets may be: projects that sent some, those of their documents, and the given places. */
export function knownPlaces(
  fleets: readonly ValidFleet[],
  projects: KnownProjects,
  given: readonly HookPlace[],
): HookPlace[] {
  const names = fleets.flatMap(({ name, config }) => [
    ...(projects.get(name) ?? []),
    ...(config.gitlabApi?.projects ?? []),
  ]);
  return [...[...new Set(names)].map((name): HookPlace => ({ kind: 'project', name })), ...given];
}
