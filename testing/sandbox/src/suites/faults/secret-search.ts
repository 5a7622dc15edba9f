import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { emulatorClient } from '@serverless-gitlab-runner/aws-emulator';
import { logGroupPlaces, taskDefinitionPlaces, taskPlaces } from '../../system/readable-places.ts';
import { containerEnvironments } from './docker-actions.ts';
import type { FaultEnvironment } from './fault-environment.ts';
import type { FaultRun } from './fault-run.ts';
import { PLANTED_SECRETS } from './planted-secrets.ts';

/** Looks for planted secrets wherever they must not be. */
export class SecretSearch {
  readonly #environment: FaultEnvironment;
  readonly #logs: CloudWatchLogsClient;
  readonly #environments = new Set<string>();
  readonly #known = new Set<string>();
  readonly #sampling: NodeJS.Timeout;

  constructor(environment: FaultEnvironment) {
    this.#environment = environment;
    this.#logs = new CloudWatchLogsClient(emulatorClient(environment.emulator.endpoint));
    this.#sampling = setInterval(() => void this.#sample(), 3000);
  }

  stop(): void {
    clearInterval(this.#sampling);
  }

  /** Where a secret is readable, as sentences' ends; what an earlier run told is not told again. */
  async look(faultRun: FaultRun): Promise<string[]> {
    const { ecs, outputs } = this.#environment.system;
    const arns = faultRun.tasks.map(({ taskArn }) => taskArn).slice(-100);
    const places = [
      ...(await this.#events()),
      ...(await logGroupPlaces(this.#logs)),
      ...(await taskPlaces(ecs, outputs.ClusterArn, arns)),
      ...(await taskDefinitionPlaces(ecs)),
      ...[...this.#environments].map((text) => ({ where: `the container ${text.split(' ')[0]}`, text })),
      ...faultRun.jobs.map(({ job }) => ({ where: `the log of job ${job.id}`, text: job.trace.text })),
    ];
    this.#environments.clear();
    const secrets = this.#secrets(faultRun);
    const found = places.flatMap(({ where, text }) =>
      secrets.filter(({ value }) => text.includes(value)).map(({ name }) => `${where}: ${name}`),
    );
    const fresh = [...new Set(found)].filter((place) => !this.#known.has(place));
    for (const place of fresh) this.#known.add(place);
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
    const seen = await containerEnvironments(this.#environment.machine.runId).catch(() => []);
    for (const text of seen) this.#environments.add(text);
  }

  async #events() {
    const events = await this.#environment.tap.read();
    return events.map(({ name, text }) => ({ where: `an event ${name}`, text }));
  }
}
