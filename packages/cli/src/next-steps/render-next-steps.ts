import type { SecretCommands } from '@serverless-gitlab-runner/infra/operate';

export interface NextSteps {
  readonly region: string;
  readonly managerLogGroup: string;
  readonly fleets: readonly FleetSteps[];
}

export type FleetSteps = {
  readonly name: string;
  readonly webhookUrl: string;
  /** Which of its secrets are stored. */
  readonly stored: {
    readonly runnerToken: boolean;
    readonly apiToken: boolean;
    readonly webhookSecret: boolean;
  };
  readonly commands: SecretCommands;
} & (
  | {
      readonly gitlabUrl: string;
      /** Whether it uses GitLab's API, for which it needs a token. */
      readonly usesApi: boolean;
    }
  /** Why its document is invalid, in one line. */
  | { readonly problem: string }
);

/**
 * Renders the next steps after a deployment, as lines of at most `columns` characters. URLs are not broken; commands continue
 * after a backslash.
 */
export function renderNextSteps(steps: NextSteps, columns: number): string[] {
  const { region, fleets } = steps;
  const write = new Writer(columns);
  write.text(`serverless-gitlab-runner is deployed in ${region}.`);
  for (const fleet of fleets) renderFleet(fleet, write);
  const ready = fleets.every(({ stored }) => stored.runnerToken && stored.webhookSecret);
  write.gap();
  write.text(ready ? 'To test it:' : 'Then, to test it:');
  write.text(
    "Webhooks → Edit → Test → Job events must answer 200. Then push a job with the runner's tag, and follow its manager's log:",
    2,
  );
  write.command(`aws logs tail --follow --region ${region} ${steps.managerLogGroup}`, 4);
  write.text('To print this again: npx sgr next-steps');
  write.text('To remove it: npx sgr destroy');
  return write.lines;
}

function renderFleet(fleet: FleetSteps, write: Writer): void {
  const { stored, name, commands, webhookUrl } = fleet;
  write.gap();
  write.text(
    'problem' in fleet
      ? `Fleet ${name}, whose document is invalid: ${fleet.problem}`
      : `Fleet ${name}, for ${fleet.gitlabUrl}`,
  );
  write.text(
    `1. Runner: project or group → Settings → CI/CD → Runners → New runner; choose tags, copy the glrt-… token. ${state(stored.runnerToken)} Run this, paste the token, press Enter:`,
    2,
  );
  write.command(commands.runnerToken, 4);
  write.text(
    `2. Webhook secret. ${state(stored.webhookSecret)} This creates one and prints it, for step 3:`,
    2,
  );
  write.command(commands.webhookSecret, 4);
  write.text(
    '3. Webhook: the same project or group → Settings → Webhooks → Add. Secret token: from step 2. Trigger: only Job events. SSL verification: on. URL:',
    2,
  );
  write.command(webhookUrl, 4);
  if ('problem' in fleet || !fleet.usesApi) return;
  write.text(
    `4. API token with scope read_api (Reporter). ${state(stored.apiToken)} Run this, paste the token, press Enter:`,
    2,
  );
  write.command(commands.apiToken, 4);
}

function state(stored: boolean): string {
  return stored ? 'Already stored; a new one replaces it.' : 'Not stored yet.';
}

/** Wraps text and commands to the terminal's width. */
class Writer {
  readonly lines: string[] = [];
  readonly #columns: number;

  constructor(columns: number) {
    this.#columns = columns;
  }

  gap(): void {
    this.lines.push('');
  }

  text(text: string, indent = 0): void {
    this.#wrap(text.split(' '), indent, /^\d/.test(text) ? indent + 3 : indent, '');
  }

  /** Wraps before options and operators, so that the command can be pasted unchanged. */
  command(command: string, indent: number): void {
    this.#wrap(command.split(/ (?=--|\||&&)/), indent, indent + 2, ' \\');
  }

  #wrap(words: readonly string[], first: number, rest: number, continuation: string): void {
    let line = ' '.repeat(first);
    let empty = true;
    for (const word of words) {
      if (!empty && line.length + 1 + word.length + continuation.length > this.#columns) {
        this.lines.push(line + continuation);
        line = ' '.repeat(rest);
        empty = true;
      }
      line += empty ? word : ` ${word}`;
      empty = false;
    }
    this.lines.push(line);
  }
}
