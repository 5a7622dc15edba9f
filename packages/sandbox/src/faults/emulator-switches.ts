import { z } from 'zod';

/** What a capacity provider answers with; null: it has room again. */
export type CapacitySwitch = Record<string, { reason: string; times?: number } | null>;

export const NO_CAPACITY = { reason: 'Capacity is unavailable at this time' };

/** Whether the account never used ECS, for how long a new service-linked role is of no use, and who may create it. */
export type AccountSwitch = { new: true; lagSeconds?: number; mayCreateRole?: boolean } | { new: false };

const accountSchema = z.object({
  serviceLinkedRole: z.object({ exists: z.boolean(), usable: z.boolean() }),
});

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

  /** An account that never used ECS; `{ new: false }`: one that did. */
  async setAccount(account: AccountSwitch): Promise<void> {
    await this.#send('PUT', 'account', account);
  }

  /** What the account has of ECS's service-linked role. */
  async account(): Promise<{ exists: boolean; usable: boolean }> {
    const answer = await fetch(`${this.#endpoint}/_fargate/account`);
    return accountSchema.parse(await answer.json()).serviceLinkedRole;
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
