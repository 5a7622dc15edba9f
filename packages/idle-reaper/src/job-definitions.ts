import {
  ClientException,
  DeregisterTaskDefinitionCommand,
  DescribeTaskDefinitionCommand,
  type ECSClient,
  ListTaskDefinitionFamiliesCommand,
} from '@aws-sdk/client-ecs';
import { JOB_FAMILY_PREFIX } from '@serverless-gitlab-runner/fleet';
import type { DefinitionFacts } from './decide-definition.ts';
import { onceAnHour } from './once-an-hour.ts';

/** The task definitions that managers registered for jobs: of this account and region, whatever their cluster. */
export interface JobDefinitions {
  /** Whether it is time to look: once an hour. */
  isDue(): boolean;
  /** Families that have an active definition: the first 2,000. */
  families(): Promise<string[]>;
  /** The newest active definition of a family; undefined: there is none any more. */
  newest(family: string): Promise<DefinitionFacts | undefined>;
  deregister(arn: string): Promise<void>;
}

/** Of 100 families each. */
const MOST_PAGES = 20;

/** @param now milliseconds since 1970 */
export function jobDefinitionsOf(ecs: ECSClient, now: () => number): JobDefinitions {
  return {
    isDue: onceAnHour(now),
    async families() {
      const found: string[] = [];
      let nextToken: string | undefined;
      for (let page = 0; page < MOST_PAGES; page += 1) {
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
