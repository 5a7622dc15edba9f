import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ListTaskDefinitionsCommand,
} from '@aws-sdk/client-ecs';
import { containerEnvironments } from './docker-acts.ts';
import type { Laboratory } from './laboratory.ts';
import { PLANTED_SECRETS } from './planted-secrets.ts';
import type { Stage } from './stage.ts';

/** Looks for planted secrets wherever they must not be. */
export class SecretSearch {
  readonly #lab: Laboratory;
  readonly #logs: CloudWatchLogsClient;
  readonly #environments = new Set<string>();
  readonly #known = new Set<string>();
  readonly #sampling: NodeJS.Timeout;

  constructor(lab: Laboratory) {
    this.#lab = lab;
    this.#logs = new CloudWatchLogsClient({
      endpoint: lab.emulator.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    this.#sampling = setInterval(() => void this.#sample(), 3000);
  }

  stop(): void {
    clearInterval(this.#sampling);
  }

  /** Where a secret is readable, as sentences' ends; what an earlier run told is not told again. */
  async look(stage: Stage): Promise<string[]> {
    const places = [
      ...(await this.#events()),
      ...(await this.#logLines()),
      ...(await this.#tasks(stage)),
      ...(await this.#taskDefinitions()),
      ...[...this.#environments].map((text) => ({ where: `the container ${text.split(' ')[0]}`, text })),
      ...stage.played.map(({ job }) => ({ where: `the log of job ${job.id}`, text: job.trace.text })),
    ];
    this.#environments.clear();
    const secrets = this.#secrets(stage);
    const found = places.flatMap(({ where, text }) =>
      secrets.filter(({ value }) => text.includes(value)).map(({ name }) => `${where}: ${name}`),
    );
    const fresh = [...new Set(found)].filter((place) => !this.#known.has(place));
    for (const place of fresh) this.#known.add(place);
    return fresh;
  }

  #secrets(stage: Stage): { name: string; value: string }[] {
    const { gitlab, system } = this.#lab;
    return [
      ...PLANTED_SECRETS,
      { name: 'webhook secret', value: system.webhookSecret },
      { name: 'API token', value: gitlab.privateToken },
      ...[...gitlab.runners.values()].map(({ token }) => ({ name: 'runner token', value: token })),
      ...stage.played.map(({ job }) => ({ name: `job token of ${job.id}`, value: job.token })),
    ];
  }

  async #sample(): Promise<void> {
    const seen = await containerEnvironments(this.#lab.runId).catch(() => []);
    for (const text of seen) this.#environments.add(text);
  }

  async #events() {
    const events = await this.#lab.tap.read();
    return events.map(({ name, text }) => ({ where: `an event ${name}`, text }));
  }

  async #logLines() {
    const { logGroups = [] } = await this.#logs.send(new DescribeLogGroupsCommand({}));
    const places: { where: string; text: string }[] = [];
    for (const { logGroupName = '' } of logGroups) {
      const { events = [] } = await this.#logs.send(new FilterLogEventsCommand({ logGroupName }));
      const text = events.map(({ message }) => message).join('\n');
      places.push({ where: `the log group ${logGroupName}`, text });
    }
    return places;
  }

  async #tasks(stage: Stage) {
    const { ecs, outputs } = this.#lab.system;
    const arns = stage.tasks.map(({ taskArn }) => taskArn).slice(-100);
    if (arns.length === 0) return [];
    const command = new DescribeTasksCommand({ cluster: outputs.ClusterArn, tasks: arns, include: ['TAGS'] });
    const { tasks = [] } = await ecs.send(command);
    return tasks.map((task) => ({ where: `the task ${task.taskArn}`, text: JSON.stringify(task) }));
  }

  async #taskDefinitions() {
    const { ecs } = this.#lab.system;
    const { taskDefinitionArns = [] } = await ecs.send(new ListTaskDefinitionsCommand({}));
    const places: { where: string; text: string }[] = [];
    for (const taskDefinition of taskDefinitionArns) {
      const described = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
      places.push({
        where: `the task definition ${taskDefinition}`,
        text: JSON.stringify(described.taskDefinition),
      });
    }
    return places;
  }
}
