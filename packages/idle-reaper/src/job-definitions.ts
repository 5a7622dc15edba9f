import {
  ClientException,
  DeregisterTaskDefinitionCommand,
  DescribeTaskDefinitionCommand,
  type ECSClient,
  ListTaskDefinitionFamiliesCommand,
} from '@aws-sdk/client-ecs';
import { JOB_FAMILY_PREFIX } from '@serverless-gitlab-runner/fleet';
import type { DefinitionFacts } from './decide-definition.ts';
import { createHourlyCheck } from './hourly-check.ts';

/** The task definitions that managers registered for jobs, in this account and region, of all clusters. */
export interface JobDefinitions {
  /** Whether a check is due: once an hour. */
  isDue(): boolean;
  /** The first 2,000 families that have an active definition. */
  families(): Promise<string[]>;
  /** The newest active definition of a family; undefined if it has none any more. */
  newest(family: string): Promise<DefinitionFacts | undefined>;
  deregister(arn: string): Promise<void>;
}

/** Pages of 100 families each. */
const MAX_PAGES = 20;

/** @param now milliseconds since 1970 */
export function createJobDefinitions(ecs: ECSClient, now: () => number): JobDefinitions {
  return {
    isDue: createHourlyCheck(now),
    async families() {
      const found: string[] = [];
      let nextToken: string | undefined;
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const query = {
          familyPrefix: JOB_FAMILY_PREFIX,
          status: 'ACTIVE',
          maxResults: 100,
          nextToken,
        } as const;
        const answer = await ecs.send(new ListTaskDefinitionFamiliesCommand(query));
        found.push(...(answer.families ?? []));
        nextToken = answer.nextToken;
        if (!nextToken) break;
      }
      return found;
    },
    async newest(family) {
      try {
        const query = new DescribeTaskDefinitionCommand({ taskDefinition: family });
        const { taskDefinition } = await ecs.send(query);
        const { taskDefinitionArn: arn, status, registeredAt } = taskDefinition ?? {};
        if (arn === undefined || status !== 'ACTIVE') return undefined;
        return { arn, registeredAt: registeredAt?.getTime() };
      } catch (error) {
        // ECS's answer for a family without an active definition: "Unable to describe task definition."
        if (error instanceof ClientException) return undefined;
        throw error;
      }
    },
    async deregister(arn) {
      await ecs.send(new DeregisterTaskDefinitionCommand({ taskDefinition: arn }));
    },
  };
}
