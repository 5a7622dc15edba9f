import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
import { logGroupTexts, taskDefinitionTexts, taskTexts } from '../../system/readable-texts.ts';
import { containerEnvironments } from './docker-actions.ts';
import type { FaultEnvironment } from './fault-environment.ts';
import type { FaultRun } from './fault-run.ts';
import { PLANTED_SECRETS } from './planted-secrets.ts';

/** Searches for planted secrets wherever they must not appear. */
export class SecretSearch {
  readonly #environment: FaultEnvironment;
  readonly #logs: CloudWatchLogsClient;
  readonly #environments = new Set<string>();
  readonly #reported = new Set<string>();
  readonly #sampling: NodeJS.Timeout;

  constructor(environment: FaultEnvironment) {
    this.#environment = environment;
    this.#logs = new CloudWatchLogsClient(emulatorClient(environment.emulator.endpoint));
    this.#sampling = setInterval(() => void this.#sample(), 3000);
  }

  stop(): void {
    clearInterval(this.#sampling);
  }

  /** Returns where a secret is readable, such as `an event JobQueued: job token of 1`. Omits what an earlier run found. */
  async findNew(faultRun: FaultRun): Promise<string[]> {
    const { ecs, outputs } = this.#environment.system;
    const arns = faultRun.tasks.map(({ taskArn }) => taskArn).slice(-100);
    const texts = [
      ...(await this.#events()),
      ...(await logGroupTexts(this.#logs)),
      ...(await taskTexts(ecs, outputs.ClusterArn, arns)),
      ...(await taskDefinitionTexts(ecs)),
      ...[...this.#environments].map((text) => ({ where: `the container ${text.split(' ')[0]}`, text })),
      ...faultRun.jobs.map(({ job }) => ({ where: `the log of job ${job.id}`, text: job.trace.text })),
    ];
    this.#environments.clear();
    const secrets = this.#secrets(faultRun);
    const found = texts.flatMap(({ where, text }) =>
      secrets.filter(({ value }) => text.includes(value)).map(({ name }) => `${where}: ${name}`),
    );
    const fresh = [...new Set(found)].filter((finding) => !this.#reported.has(finding));
    for (const finding of fresh) this.#reported.add(finding);
    return fresh;
  }

  #secrets(faultRun: FaultRun): { name: string; value: string }[] {
    const { gitlab, system } = this.#environment;
    return [
      ...PLANTED_SECRETS,
      { name: 'webhook secret', value: system.webhookSecret },
      { name: 'API token', value: gitlab.privateToken },
      ...[...gitlab.runners.values()].map(({ token }) => ({ name: 'runner token', value: token })),
      ...faultRun.jobs.map(({ job }) => ({ name: `job token of ${job.id}`, value: job.token })),
    ];
  }

  async #sample(): Promise<void> {
    const environments = await containerEnvironments(this.#environment.machine.runId).catch(() => []);
    for (const text of environments) this.#environments.add(text);
  }

  async #events() {
    const events = await this.#environment.tap.read();
    return events.map(({ name, text }) => ({ where: `an event ${name}`, text }));
  }
}
