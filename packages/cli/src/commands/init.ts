import { type Command, InvalidArgumentError, Option } from 'commander';
import type { InitRequest } from '../init/init-request.ts';
import { type CommandContext, gitlabToken, positiveNumber } from './command-context.ts';

const HELP = `
GITLAB_TOKEN in the environment lets it make the runner and the webhooks: scope api, of a Maintainer of the projects (of a group: an
Owner). The scope create_runner makes no webhooks: with GITLAB_CREATE_RUNNER_TOKEN (create_runner) and GITLAB_TOKEN (read_api), the
webhook is left to you. Without a token, both are. Tokens are not stored. AWS: credentials of an administrator; Docker builds images.

Everything is kept that exists, so a run that failed can be repeated, and another run changes settings, adds a fleet or updates to
this version. Running jobs are not disturbed.

Examples:
  sgr init                                                    asks for everything
  sgr init --project team/app --tags fargate --yes
  sgr init --group team --gitlab https://gitlab.example.com --cpu 2 --memory 4 --spot
  sgr init --project team/ml --fleet big --tags big --cpu 8 --memory 32
  sgr init --project team/app --settings '{"network":{"vpcId":"vpc-1","subnets":["subnet-1"]}}' --dry-run`;

interface Flags {
  project: string[];
  group?: string;
  gitlab?: string;
  fleet: string;
  tags?: string[];
  runUntagged?: boolean;
  protected?: boolean;
  cpu?: number;
  memory?: number;
  arch?: 'x86_64' | 'arm64';
  spot?: boolean;
  settings: Record<string, unknown>;
  dryRun: boolean;
  yes: boolean;
  json: boolean;
}

export function addInit(program: Command, { terminal, fail, isInteractive }: CommandContext): void {
  program
    .command('init')
    .description('sets everything up, at AWS and at GitLab, and tests it; run again, it changes or updates it')
    .option('--project <path>', 'serves a project (repeatable)', collect, [])
    .addOption(new Option('--group <path>', 'serves all projects of a group').conflicts('project'))
    .option('--gitlab <url>', 'URL of GitLab (default: https://gitlab.com)')
    .option('--fleet <name>', 'the fleet that is made or changed', 'default')
    .option('--tags <list>', 'tags of its jobs, separated by commas', tagList)
    .option('--run-untagged', 'takes jobs without tags as well')
    .option('--no-run-untagged', 'takes only jobs with its tags')
    .option('--protected', 'takes jobs of protected branches only')
    .option('--cpu <number>', 'vCPUs of jobs that ask for none (default: 1)', positiveNumber)
    .option('--memory <gib>', 'GiB of memory of jobs that ask for none (default: 2)', positiveNumber)
    .addOption(new Option('--arch <name>', 'architecture of jobs').choices(['x86_64', 'arm64']))
    .option('--spot', 'runs jobs on Spot if there is capacity')
    .option('--no-spot', 'runs jobs on demand')
    .option('--settings <json>', 'further settings of the installation: JSON, or the name of a file', settings, {})
    .option('--dry-run', 'shows the plan and changes nothing', false)
    .option('-y, --yes', 'does not ask', false)
    .option('--json', 'prints JSON', false)
    .addHelpText('after', HELP)
    .action(async (flags: Flags) => {
      const request = await requestOf(flags, isInteractive && !flags.yes);
      const { printInit } = await import('../init/print-init.ts');
      const { askForToken, askToGoOn } = await import('../init/ask-request.ts');
      const mayAsk = isInteractive && !flags.yes && !flags.json;
      if (!mayAsk && !flags.yes && !flags.dryRun)
        return program.error('Without a terminal, nothing can be asked: confirm with --yes, or see --dry-run.');
      const token = gitlabToken() ?? (mayAsk ? await askForToken(request.gitlabUrl) : undefined);
      const createRunnerToken = process.env.GITLAB_CREATE_RUNNER_TOKEN || undefined;
      const isDone = await printInit(
        {
          request,
          tokens: token === undefined ? undefined : { token, createRunnerToken },
          json: flags.json,
          ask: mayAsk && !flags.yes ? askToGoOn : undefined,
          isDryRun: flags.dryRun,
        },
        terminal,
      );
      if (!isDone) fail();
    });

  async function requestOf(flags: Flags, mayAsk: boolean): Promise<InitRequest> {
    const { group, project, fleet, cpu, memory, arch } = flags;
    const target = group === undefined ? { kind: 'project' as const, paths: project } : { kind: 'group' as const, path: group };
    const given = {
      fleet,
      gitlabUrl: flags.gitlab ?? 'https://gitlab.com',
      target,
      tagList: flags.tags,
      // A runner with tags leaves other jobs to other runners, as GitLab's own page suggests.
      runUntagged: flags.runUntagged ?? (flags.tags === undefined ? undefined : flags.tags.length === 0),
      isProtected: flags.protected,
      cpu,
      memory,
      architecture: arch === undefined ? undefined : arch === 'arm64' ? ('ARM64' as const) : ('X86_64' as const),
      spot: flags.spot,
      settings: flags.settings,
    };
    const isComplete = group !== undefined || project.length > 0;
    if (isComplete) return given;
    if (!mayAsk) return program.error('Name what it serves: --project PATH or --group PATH.');
    const { askForRequest } = await import('../init/ask-request.ts');
    const asked = await askForRequest({
      ...(flags.gitlab === undefined ? {} : { gitlabUrl: flags.gitlab }),
      ...(flags.tags === undefined ? {} : { tagList: flags.tags }),
      ...(flags.spot === undefined ? {} : { spot: flags.spot }),
    });
    const { kind, path } = asked.target;
    return {
      ...given,
      gitlabUrl: asked.gitlabUrl,
      target: kind === 'group' ? { kind, path } : { kind, paths: [path] },
      tagList: asked.tagList,
      runUntagged: flags.runUntagged ?? asked.tagList.length === 0,
      spot: asked.spot,
    };
  }
}

function collect(path: string, before: string[]): string[] {
  return [...before, path];
}

function tagList(text: string): string[] {
  return text
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}
