import {
  GetFunctionConfigurationCommand,
  InvokeCommand,
  type LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import type { DeployOutputs } from '@serverless-gitlab-runner/infra';
import { runCommand } from '@serverless-gitlab-runner/machine';

/** Names of the Lambdas, as the proxy records them as callers. */
export const LAMBDA_NAMES = ['webhook-receiver', 'runner-launcher', 'idle-reaper'] as const;
export type LambdaName = (typeof LAMBDA_NAMES)[number];

/** Controls the deployed Lambdas: their AWS endpoint, their processes, and the reaper's sweeps. */
export class Lambdas {
  readonly #client: LambdaClient;
  readonly #emulator: string;
  readonly #functions: Record<LambdaName, string>;
  #generation = 0;

  constructor(client: LambdaClient, emulatorContainer: string, outputs: DeployOutputs) {
    this.#client = client;
    this.#emulator = emulatorContainer;
    this.#functions = {
      'webhook-receiver': outputs.WebhookReceiverFunction,
      'runner-launcher': outputs.RunnerLauncherFunction,
      'idle-reaper': outputs.IdleReaperFunction,
    };
  }

  /** Sets the AWS endpoint of every Lambda, and marks its calls with its name. */
  async pointAt(endpoint: string): Promise<void> {
    await this.#configureAll((name) => ({ AWS_ENDPOINT_URL: endpoint, AWS_SDK_UA_APP_ID: name }));
  }

  /** Replaces the Lambdas' processes, which clears their caches, as happens after minutes without a call. */
  async restart(): Promise<void> {
    this.#generation += 1;
    await this.#configureAll(() => ({ GENERATION: String(this.#generation) }));
  }

  /** Kills a Lambda's processes immediately. */
  async kill(name: LambdaName): Promise<void> {
    const script =
      `for p in /proc/[0-9]*; do tr "\\0" "\\n" < $p/environ 2>/dev/null` +
      ` | grep -q "^AWS_LAMBDA_FUNCTION_NAME=${this.#functions[name]}$" && kill -9 "\${p#/proc/}"; done; true`;
    await runCommand('docker', ['exec', this.#emulator, 'sh', '-c', script]);
  }

  /** Runs one sweep of the reaper, as its schedule does every minute. Errors in it are caused by the fault and ignored. */
  async sweep(): Promise<void> {
    const FunctionName = this.#functions['idle-reaper'];
    await this.#client.send(new InvokeCommand({ FunctionName, Payload: Buffer.from('{}') }));
  }

  async roleArns(): Promise<Record<string, string>> {
    const roles: Record<string, string> = {};
    for (const name of LAMBDA_NAMES) roles[name] = (await this.#configuration(name)).Role ?? '';
    return roles;
  }

  #configuration(name: LambdaName) {
    const FunctionName = this.#functions[name];
    return this.#client.send(new GetFunctionConfigurationCommand({ FunctionName }));
  }

  async #configureAll(variables: (name: LambdaName) => Record<string, string>): Promise<void> {
    for (const name of LAMBDA_NAMES) {
      const { Environment } = await this.#configuration(name);
      const Variables = { ...Environment?.Variables, ...variables(name) };
      await this.#client.send(
        new UpdateFunctionConfigurationCommand({
          FunctionName: this.#functions[name],
          Environment: { Variables },
        }),
      );
    }
  }
}
