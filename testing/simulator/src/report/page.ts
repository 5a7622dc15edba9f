import type { Figures } from '../figures.ts';
import { managerSettings } from '../fleet/managers.ts';
import { MEASURED_STARTS, SECOND, SMALL_STARTS, TODAYS_STARTS } from '../model.ts';
import { policyNamed } from '../policies.ts';
import { MOST_COST, MOST_USD_PER_SAVED_MINUTE, type Study, type TeamResult } from '../study.ts';
import { fileName, type Plot } from './plots.ts';
import { goalsTable, renderMarkdown, teamTable, variationsTable } from './table.ts';
import { fixed, percent, usd } from './text.ts';

/** The page of a run with every team, for docs/simulation.md. Every figure in it is from that run. */
export function renderPage(study: Study, plots: readonly Plot[]): string {
  return [
    INTRODUCTION,
    ...defaults(study),
    ...goals(study),
    ...study.teams.flatMap((team) => teamSection(team, plots)),
    ...instances(study),
    ...sensitivity(study, plots),
    METHOD,
  ].join('\n');
}

const INTRODUCTION = `# Waiting and cost, simulated

Made by \`npm run simulate\`; do not edit it. No figure here was measured on AWS: pipelines of teams that do not exist, start
times and prices from the sources below. One start is the mean time that a job task takes to start. A pipeline's waiting is
how much longer it took than its scripts, on its longest path. Each policy gets the same pipelines with the same luck.
`;

const METHOD = `## How it is simulated

Real: the launcher's \`planLaunch\`, the reaper's \`decideManager\` with the fleets' default limits, and \`packages/forecast\` (learn,
predict, brake). Modelled: GitLab, webhooks and queue, ECS, the manager's loop, claims, and all of Managed Instances and
CodeBuild. [testing/simulator](../testing/simulator/README.md) says more, and what traces of your own look like.

| taken for given | value | from |
|---|---|---|
| start of a Fargate task | ${fixed(TODAYS_STARTS.provisioningSeconds, 0)} s, then ${fixed(TODAYS_STARTS.megabytesPerSecond, 1)} MB/s, spread as measured | [ten starts of an image of 413 MB](https://elasticscale.com/blog/reduce-aws-fargate-pull-times-with-soci), ${Math.min(...MEASURED_STARTS)} to ${Math.max(...MEASURED_STARTS)} s; the 15 s are assumed, the rate follows from them |
| images | helper ${TODAYS_STARTS.helperMb} MB, manager ${TODAYS_STARTS.managerMb} MB; small ones ${fixed(SMALL_STARTS.helperMb, 0)} and ${fixed(SMALL_STARTS.managerMb, 0)} | measured in this repository; the small ones are a plan |
| Fargate's price | us-east-1, x86, on demand, from the pull on, 60 s at least, no public address | \`packages/fleet\` |
| Managed Instances | c6a at $0.306 for 8 vCPU and 12 % fee; 80 GB of gp3; 35 s to an instance, 5 s to a task on it | fee: [AWS's example](https://aws.amazon.com/ecs/pricing/) of $0.037; [40 s from nothing to the first line](https://blog.neilkuan.click/blog/2026-01-17-ecs-managed-instance), one run. The instance's price and disk are not verified; the pull rate is taken to be Fargate's |
| CodeBuild | $0.005 a minute to 2 vCPU, $0.01 to 4; 18 s, then the job's image; its smallest build has 2 vCPU, where most jobs here have one | [price](https://aws.amazon.com/codebuild/pricing/) in a public copy, [start](https://github.com/aws/aws-cdk/issues/14158); that minutes are rounded up is not verified |
| everything about the teams | stages, durations, failures, rules, image sizes, four pipelines a person and day | assumed; \`testing/simulator/src/trace/synthetic-team.ts\` |

Left out: Spot, NAT and data transfer, Lambda and EventBridge, quotas, throttling, and a slow tail of starts: the source has ten
values. Managed Instances run jobs of several projects on one host, which is a weaker boundary than a Fargate task.
`;

function defaults({ teams }: Study): string[] {
  const rows = teams.map((team) => {
    const [today, best] = [figuresNamed(team, 'today'), figuresNamed(team, team.chosen)];
    const [from, to] = [fixed(today?.waitedStarts.mean, 2), fixed(best?.waitedStarts.mean, 2)];
    return `| ${team.name} | ${best?.label} | ${settingsOf(team)} | ${from} → ${to} starts | × ${fixed(best?.cost, 2)} | ${usd(best?.usdPerSavedMinute, 4)} |`;
  });
  return [
    '## What a fleet should be set to',
    '',
    `Chosen is the policy of Fargate and this product that waits least, mean of all pipelines, and costs at most ${MOST_COST} ×`,
    `today's and $${MOST_USD_PER_SAVED_MINUTE} a saved minute; of two that differ by less than 0.02 starts, the simpler one.`,
    '',
    '| | chosen | settings | mean waiting | cost | $ a saved minute |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    ...teams.flatMap(reasons),
    '',
    'A job goes to whichever manager asks GitLab first, and only the manager that started a task can claim it. So a fleet that',
    'starts tasks ahead should have few managers with many places each (`manager.concurrentJobs`, up to 200) before it has many',
    'managers (`manager.max`). The book in memory is lost with its manager; where managers live for minutes, keeping it matters.',
    '',
  ];
}

/** The chosen policy as a fleet's document would say it; `ahead` does not exist yet. */
function settingsOf({ chosen, settings }: TeamResult): string {
  const policy = policyNamed(chosen);
  const { max, concurrentJobs } = managerSettings(policy, settings);
  const ahead = policy.ahead === undefined ? 'off' : policy.ahead.first ? 'first' : 'next';
  return [
    `\`ahead: ${ahead}\``,
    `\`manager.max\` ${max}`,
    `\`concurrentJobs\` ${concurrentJobs}`,
    `\`idleSeconds\` ${policy.idleMs / SECOND}`,
  ].join(', ');
}

/** What the steps to the chosen policy bring, one by one. */
function reasons(team: TeamResult): string[] {
  const mean = (name: string) => figuresNamed(team, name)?.waitedStarts.mean ?? 0;
  const claimed = (name: string) => percent(figuresNamed(team, name)?.claimed);
  const starts = (name: string) => fixed(mean(name), 2);
  const cost = (name: string) => fixed(figuresNamed(team, name)?.cost, 2);
  return [
    `- **${team.name}**: today ${starts('today')}; the next stage's tasks at the last success ${starts('next-success')}, before the`,
    `  expected end ${starts('next-end')}, at the start ${starts('next-start')}; with one manager for all places ${starts('next-one')}, and a book`,
    `  that outlives it ${starts('next-one-book')} (${claimed('next-end')}, ${claimed('next-one')} and ${claimed('next-one-book')} of the tasks claimed). The first stage too:`,
    `  ${starts('first')}. A manager that stays an hour instead: ${starts('hour')} at × ${cost('hour')}; one that is always on:`,
    `  ${starts('always-on')} at × ${cost('always-on')}.`,
  ];
}

function goals(study: Study): string[] {
  const oracle = study.teams
    .find(({ name }) => name === 'team of 50')
    ?.figures.find(({ policy }) => policy === 'oracle');
  const missed = study.goals.filter(({ isMet }) => !isMet).length;
  return [
    '## Goals',
    '',
    missed === 0
      ? 'All are met.'
      : `${missed} of ${study.goals.length} are not met. The model was not tuned to meet them; the tables with other assumptions say what stands between.`,
    '',
    `An oracle of the next stage waits ${fixed(oracle?.waitedStarts.median, 2)} (median), ${fixed(oracle?.waitedStarts.mean, 2)} (mean) and ${fixed(oracle?.longPipelinesMeanStarts, 2)} starts (four and more stages).`,
    '',
    renderMarkdown(goalsTable(study)),
    '',
  ];
}

function teamSection(team: TeamResult, plots: readonly Plot[]): string[] {
  return [
    `## ${team.name[0]?.toUpperCase()}${team.name.slice(1)}`,
    '',
    `${team.pipelines} pipelines measured, ${team.jobs} jobs in all; ${seedsOf(team)}. One start is ${fixed(team.startSeconds, 0)} s.`,
    '',
    ...['waiting', 'cost', 'distribution'].map((kind) => image(fileName(kind, team), plots)),
    '',
    "Waiting in starts. `$/100`: for a hundred pipelines. Cost: by today's. `unclaimed`, `idle`: parts of the cost for tasks",
    'started ahead that no job took, and for claimed ones until they were. `claimed`: of the tasks started ahead.',
    '',
    renderMarkdown(teamTable(team)),
    '',
  ];
}

function instances({ teams }: Study): string[] {
  return [
    '## Managed Instances, for whom',
    '',
    ...teams.map((team) => {
      const best = figuresNamed(team, team.chosen);
      const all = ['managed-instances', 'instances-60'].map((name) => figuresNamed(team, name));
      const fitting = all.filter((figures) => figures !== undefined).filter(isAffordable);
      const waits = all.map(
        (figures) =>
          `${figures?.label.split(', ')[1]}: ${fixed(figures?.waitedStarts.mean, 2)} starts at × ${fixed(figures?.cost, 2)}`,
      );
      const decision = fitting.length > 0 ? '**within** the bounds above' : 'beyond the bounds above';
      return `- **${team.name}**, ${waits.join('; ')}; the chosen policy: ${fixed(best?.waitedStarts.mean, 2)} at × ${fixed(best?.cost, 2)}. ${sentence(decision)}.`;
    }),
    '',
    'They pay off where enough jobs run at one time to fill instances, and they keep images. They rest on unverified prices and',
    'one published start, and their jobs share a host: start and price have to be measured on AWS before anything is built on them.',
    '',
  ];
}

function isAffordable({ cost, usdPerSavedMinute }: Figures): boolean {
  return cost <= MOST_COST && (usdPerSavedMinute ?? Number.POSITIVE_INFINITY) <= MOST_USD_PER_SAVED_MINUTE;
}

function sensitivity(study: Study, plots: readonly Plot[]): string[] {
  const label = policyNamed(study.teams.find(({ name }) => name === 'team of 50')?.chosen ?? 'today').label;
  return [
    '## With other assumptions',
    '',
    `A team of 50, fewer seeds. Mean waiting in starts as long as they are in that row. "Chosen" is: ${label}.`,
    '',
    image('starts.svg', plots),
    '',
    renderMarkdown(variationsTable('start times', study.starts)),
    '',
    renderMarkdown(variationsTable('habits', study.habits)),
    '',
  ];
}

function figuresNamed({ figures }: TeamResult, name: string): Figures | undefined {
  return figures.find(({ policy }) => policy === name);
}

function image(file: string, plots: readonly Plot[]): string {
  const plot = plots.find((candidate) => candidate.file === file);
  return plot ? `![${plot.alt}](simulation/${plot.file})` : '';
}

function seedsOf({ seeds }: TeamResult): string {
  const [first, last] = [seeds[0], seeds.at(-1)];
  return seeds.length === 1 ? `seed ${first}` : `seeds ${first} to ${last}, a team each`;
}

function sentence(text: string): string {
  return text.startsWith('**')
    ? `**${text.charAt(2).toUpperCase()}${text.slice(3)}`
    : `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
