import { GetParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { type FleetConfig, parameterNames, parseFleetConfig } from '@serverless-gitlab-runner/fleet';
import type { System } from '../../system/deploy-system.ts';

/** Reads and changes the fleet's document and secrets in SSM, as an operator does. */
export class FleetDocument {
  readonly #system: System;

  constructor(system: System) {
    this.#system = system;
  }

  async read(): Promise<FleetConfig> {
    const Name = this.#names.config;
    const { Parameter } = await this.#system.ssm.send(new GetParameterCommand({ Name }));
    return parseFleetConfig(Name, Parameter?.Value ?? '');
  }

  async write(config: FleetConfig): Promise<void> {
    await this.#put(this.#names.config, JSON.stringify(config), 'String');
  }

  /** Changes settings of the fleet. Lambdas cache the document and see the change within a minute. */
  async change(patch: Partial<FleetConfig>): Promise<void> {
    await this.write({ ...(await this.read()), ...patch });
  }

  async setRunnerToken(token: string): Promise<void> {
    await this.#put(this.#names.runnerToken, token, 'SecureString');
  }

  async setSigningToken(token: string): Promise<void> {
    await this.#put(this.#names.signingToken, token, 'SecureString');
  }

  async setApiToken(token: string): Promise<void> {
    await this.#put(this.#names.apiToken, token, 'SecureString');
  }

  get #names() {
    const { outputs, fleet } = this.#system;
    return parameterNames(outputs.ParameterPrefix, fleet);
  }

  async #put(Name: string, Value: string, Type: 'String' | 'SecureString'): Promise<void> {
    await this.#system.ssm.send(new PutParameterCommand({ Name, Value, Type, Overwrite: true }));
  }
}
