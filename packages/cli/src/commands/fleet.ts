import { type Command, InvalidArgumentError } from 'commander';
import type { FleetSettings } from '../settings/deployed-settings.ts';
import { type CommandContext, gitlabToken } from './command-context.ts';

const SET_HELP = `
A setting is named by its path, and its value is JSON or a text; an empty value goes back to the default. The new settings are
validated, shown as a difference, and deployed: ${'`sgr fleet show NAME --all`'} lists all settings, packages/fleet explains them.

Examples:
  sgr fleet set default job.size.cpu=2048 job.size.memory=4096
  sgr fleet set default 'job.capacity=["FARGATE_SPOT","FARGATE"]' --yes
  sgr fleet set default manager.max= --dry-run`;

interface Changing {
  yes: boolean;
  dryRun: boolean;
  json: boolean;
}

/** A setting and its value; undefined: its default. */
type Assignment = readonly [path: string, value: unknown];

export function addFleet(program: Command, context: CommandContext): void {
  const { terminal } = context;
  const fleet = program.command('fleet').description('shows and changes the settings of fleets');
  fleet
    .command('list')
    .description('lists the fleets, and what they lack')
    .option('--json', 'prints JSON', false)
    .action(async (options: { json: boolean }) => {
      const { printFleets } = await import('../fleet/print-fleets.ts');
      await printFleets(options, terminal);
    });
  fleet
    .command('show')
    .description("prints a fleet's settings as JSON")
    .argument('<name>', "the fleet's name")
    .option('--all', 'with every default', false)
    .action(async (name: string, { all }: { all: boolean }) => {
      const { printFleet } = await import('../fleet/print-fleets.ts');
      await printFleet({ name, all }, terminal);
    });
  changing(
    fleet
      .command('set')
      .description('changes settings of a fleet, and deploys them')
      .argument('<name>', "the fleet's name")
      .argument('<setting=value...>', 'path and value', assignment)
      .addHelpText('after', SET_HELP),
  ).action(async (name: string, assignments: Assignment[], options: Changing) => {
    const { withSetting } = await import('../fleet/changed-settings.ts');
    await change(name, options, async (before) =>
      assignments.reduce<Readonly<Record<string, unknown>>>(
        (settings, [path, value]) => withSetting(settings, path, value),
        before,
      ),
    );
  });
  changing(
    fleet
      .command('edit')
      .description('opens the settings of a fleet in your editor (VISUAL, EDITOR), and deploys them')
      .argument('<name>', "the fleet's name"),
  ).action(async (name: string, options: Changing) => {
    const { editInEditor } = await import('../fleet/edit-in-editor.ts');
    await change(name, options, editInEditor);
  });
  addPause(fleet, context);

  async function change(
    name: string,
    { yes, dryRun: isDryRun, json }: Changing,
    apply: (before: FleetSettings) => Promise<Readonly<Record<string, unknown>>>,
  ): Promise<void> {
    const { changeFleet } = await import('../fleet/change-fleet.ts');
    await changeFleet({ name, change: apply, yes, isDryRun, json }, terminal);
  }
}

function changing(command: Command): Command {
  return command
    .option('--dry-run', 'shows the difference and changes nothing', false)
    .option('-y, --yes', 'does not ask', false)
    .option('--json', 'prints JSON', false);
}

function addPause(fleet: Command, { terminal }: CommandContext): void {
  for (const [command, description, paused] of [
    ['pause', 'lets the runner of a fleet take no more jobs (needs GITLAB_TOKEN); running jobs go on', true],
    ['resume', 'lets the runner of a fleet take jobs again (needs GITLAB_TOKEN)', false],
  ] as const)
    fleet
      .command(command)
      .description(description)
      .argument('<name>', "the fleet's name")
      .action(async (name: string) => {
        const { pauseFleet } = await import('../fleet/pause-fleet.ts');
        await pauseFleet({ name, paused, gitlabToken: gitlabToken() }, terminal);
      });
}

function assignment(text: string, before: readonly Assignment[] = []): Assignment[] {
  const [, path, value = ''] = /^([A-Za-z][\w-]*(?:\.[A-Za-z][\w.-]*)*)=(.*)$/s.exec(text) ?? [];
  if (path === undefined)
    throw new InvalidArgumentError('Write a setting and its value, such as job.size.cpu=2048.');
  return [...before, [path, parseValue(value)]];
}

function parseValue(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
