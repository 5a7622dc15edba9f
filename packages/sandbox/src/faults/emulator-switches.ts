/** What a capacity provider answers with; null: it has room again. */
export type CapacitySwitch = Record<string, { reason: string; times?: number } | null>;

export const NO_CAPACITY = { reason: 'Capacity is unavailable at this time' };

/** The emulator's switches for what Fargate does on bad days (images/aws-emulator/README.md). */
export class EmulatorSwitches {
  readonly #endpoint: string;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  async setCapacity(capacity: CapacitySwitch): Promise<void> {
    await this.#send('PUT', 'capacity', capacity);
  }

  /** A Spot interruption: after so many seconds (on AWS 120) nothing of the task runs. */
  async interrupt(task: string, seconds: number): Promise<void> {
    await this.#send('POST', 'interrupt', { task, seconds });
  }

  /** For so many seconds a new task is not yet seen. */
  async setLag(lagSeconds: number): Promise<void> {
    await this.#send('PUT', 'faults', { lagSeconds });
  }

  /** MiB of each volume of tasks that start from now on; null: no limit. */
  async setDisk(diskMib: number | null): Promise<void> {
    await this.#send('PUT', 'faults', { diskMib });
  }

  async reset(): Promise<void> {
    await this.setCapacity({ FARGATE: null, FARGATE_SPOT: null });
    await this.setLag(0);
    await this.setDisk(null);
  }

  async #send(method: string, path: string, body: unknown): Promise<void> {
    const answer = await fetch(`${this.#endpoint}/_fargate/${path}`, { method, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`the emulator's switch ${path}: ${answer.status} ${await answer.text()}`);
  }
}
