import { type Command, Option } from 'commander';
import * as z from 'zod';
import { commaSeparated } from '../comma-separated.ts';
import type { InitRequest } from '../init/init-request.ts';
import { UsageError } from '../operation-error.ts';
import { type CommandContext, gitlabToken, positiveNumber } from './command-context.ts';
import { collect } from './hook-places.ts';

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
  sgr init --group team --gitlab https://gitlab.example.com --ca company-ca.pem
  sgr init --project team/ml --fleet big --tags big --cpu 8 --memory 32
  sgr init --project team/app --settings '{"network":{"vpcId":"vpc-1","subnets":["subnet-1"]}}' --dry-run`;

const ARCHITECTURES = { x86_64: 'X86_64', arm64: 'ARM64' } as const;
/** Fleets have flags of their own, and other fleets stay as they are. */
const settingsSchema = z.looseObject({ fleets: z.undefined().optional() });

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
  arch?: keyof typeof ARCHITECTURES;
  spot?: boolean;
  /** Name of a file. */
  ca?: string;
  settings: string;
  dryRun: boolean;
  yes: boolean;
  json: boolean;
}

export function addInit(program: Command, { terminal }: CommandContext): void {
  program
    .command('init')
    .description(
      'sets everything up, at AWS and at GitLab, and tests it; run again, it changes or updates it',
    )
    .option('--project <path>', 'serves a project (repeatable)', collect, [])
    .addOption(new Option('--group <path>', 'serves all projects of a group').conflicts('project'))
    .option('--gitlab <url>', 'URL of GitLab (default: as deployed, else https://gitlab.com)')
    .option('--fleet <name>', 'the fleet that is made or changed', 'default')
    .option('--tags <list>', 'tags of its jobs, separated by commas', commaSeparated)
    .option('--run-untagged', 'takes jobs without tags as well')
    .option('--no-run-untagged', 'takes only jobs with its tags')
    .option('--protected', 'takes jobs of protected branches only')
    .option('--cpu <number>', 'vCPUs of jobs that ask for none (default: 1)', positiveNumber)
    .option('--memory <gib>', 'GiB of memory of jobs that ask for none (default: 2)', positiveNumber)
    .addOption(new Option('--arch <name>', 'architecture of jobs').choices(['x86_64', 'arm64']))
    .option('--spot', 'runs jobs on Spot if there is capacity')
    .option('--no-spot', 'runs jobs on demand')
    .option(
      '--ca <file>',
      "certificates (PEM) of GitLab's own authority; this command trusts them, and so do managers and jobs",
    )
    .option('--settings <json>', 'further settings of the installation: JSON, or the name of a file', '{}')
    .option('--dry-run', 'shows the plan and changes nothing', false)
    .option('-y, --yes', 'does not ask', false)
    .option('--json', 'prints JSON', false)
    .addHelpText('after', HELP)
    .action(async (flags: Flags) => {
      const mayAsk = terminal.ask !== undefined && !flags.yes && !flags.json;
      const request = await withAnswers(await requestOf(flags), flags, mayAsk);
      const { printInit } = await import('../init/print-init.ts');
      const tokens = await gitlabTokens(request, mayAsk);
      const { json, yes, dryRun: isDryRun } = flags;
      await printInit({ request, tokens, json, yes, isDryRun }, terminal);
    });
}

async function requestOf(flags: Flags): Promise<InitRequest> {
  const { fleet, gitlab, group, project, tags, cpu, memory, spot } = flags;
  const { deployedGitLabUrl } = await import('../init/deployed-gitlab-url.ts');
  return {
    fleet,
    gitlabUrl: gitlab ?? (await deployedGitLabUrl(fleet)) ?? 'https://gitlab.com',
    target: group === undefined ? { kind: 'project', paths: project } : { kind: 'group', path: group },
    tagList: tags,
    // A runner with tags leaves jobs without tags to other runners, as GitLab's own page suggests.
    runUntagged: flags.runUntagged ?? (tags === undefined ? undefined : tags.length === 0),
    isProtected: flags.protected,
    ...{ cpu, memory, spot },
    architecture: flags.arch && ARCHITECTURES[flags.arch],
    authorities: flags.ca === undefined ? undefined : await readAuthorities(flags.ca),
    settings: await readSettingsOption(flags.settings),
  };
}

async function readAuthorities(file: string) {
  const { readCertificates } = await import('../rotate/certificates.ts');
  return readCertificates(file);
}

/** Asks for what no flag says, if nobody named what is served. */
async function withAnswers(request: InitRequest, flags: Flags, mayAsk: boolean): Promise<InitRequest> {
  if (request.target.kind === 'group' || request.target.paths.length > 0) return request;
  if (!mayAsk) throw new UsageError('Name what is served: --project PATH or --group PATH.');
  const { askForRequest } = await import('../init/ask-request.ts');
  const { gitlab, tags: tagList, spot } = flags;
  const answers = await askForRequest({ gitlabUrl: gitlab, tagList, spot }, request.gitlabUrl);
  const { kind, path } = answers.target;
  return {
    ...request,
    ...answers,
    target: kind === 'group' ? { kind, path } : { kind, paths: [path] },
    runUntagged: flags.runUntagged ?? answers.tagList.length === 0,
  };
}

async function gitlabTokens({ gitlabUrl }: InitRequest, mayAsk: boolean) {
  const { askForToken } = await import('../init/ask-request.ts');
  const token = gitlabToken() ?? (mayAsk ? await askForToken(gitlabUrl) : undefined);
  if (token === undefined) return undefined;
  return { token, createRunnerToken: process.env.GITLAB_CREATE_RUNNER_TOKEN || undefined };
}

/** @throws {UsageError} */
async function readSettingsOption(value: string): Promise<Record<string, unknown>> {
  const { readFile } = await import('node:fs/promises');
  try {
    const text = value.trimStart().startsWith('{') ? value : await readFile(value, 'utf8');
    return settingsSchema.parse(JSON.parse(text));
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `--settings takes a JSON object without "fleets", or the name of a file with one: ${problem}`,
    );
  }
}
