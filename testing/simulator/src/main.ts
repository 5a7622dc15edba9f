/** `npm run simulate`. `scripts/run.mjs` installs the dependencies, checks the command line, and starts it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCommandLine } from '../../../scripts/cli/commands.mjs';
import { logProgress, secondsSince } from '../../../scripts/cli/progress.mjs';
import { renderPage } from './report/page.ts';
import { plotsOf } from './report/plots.ts';
import { goalsTable, renderForTerminal, teamTable, variationsTable } from './report/table.ts';
import { type Study, studyTeams, studyTrace } from './study.ts';
import { InvalidTraceError, readGitLabTrace } from './trace/gitlab-trace.ts';
import { TEAMS } from './trace/synthetic-team.ts';

const ROOT = join(import.meta.dirname, '../../..');

process.exitCode = main(process.argv.slice(2));

/** Returns the exit code: a goal that is not met is a result, not a failure. */
function main(args: readonly string[]): number {
  const { values } = parseCommandLine('simulate', args);
  const start = Date.now();
  const seed = Number(values.seed);
  let study: Study;
  try {
    study = values.trace
      ? studyTrace(readGitLabTrace(values.trace), seed)
      : studyTeams(values.team ? [values.team] : Object.keys(TEAMS), seed, logProgress);
  } catch (error) {
    if (!(error instanceof InvalidTraceError)) throw error;
    logProgress(error.message);
    return 2;
  }
  print(study);
  mkdirSync(join(ROOT, 'reports'), { recursive: true });
  const { teams, ...rest } = study;
  const report = { ...rest, teams: teams.map(({ waits: _, ...team }) => team) };
  writeFileSync(join(ROOT, 'reports/simulate.json'), `${JSON.stringify(report, null, 2)}\n`);
  const isFullRun = !values.trace && !values.team && args.length === 0;
  if (isFullRun) writePage(study);
  const written = isFullRun
    ? 'reports/simulate.json, docs/simulation.md and its plots'
    : 'reports/simulate.json';
  logProgress(`Written: ${written}. ${secondsSince(start)} s`);
  return 0;
}

function print(study: Study): void {
  for (const team of study.teams) {
    const seeds = team.seeds.join(', ');
    console.log(
      `\n${team.name}: ${team.pipelines} pipelines measured, seeds ${seeds}, one start = ${Math.round(team.startSeconds)} s`,
    );
    console.log('Waiting time of a pipeline, in starts; ← marks the chosen policy\n');
    console.log(renderForTerminal(teamTable(team)));
  }
  if (study.goals.length === 0) return;
  console.log(`\n${renderForTerminal(variationsTable('start times (team of 50)', study.starts))}`);
  console.log(`\n${renderForTerminal(variationsTable('habits (team of 50)', study.habits))}`);
  console.log(`\n${renderForTerminal(goalsTable(study))}`);
}

function writePage(study: Study): void {
  const plots = plotsOf(study);
  mkdirSync(join(ROOT, 'docs/simulation'), { recursive: true });
  for (const { file, svg } of plots) writeFileSync(join(ROOT, 'docs/simulation', file), svg);
  writeFileSync(join(ROOT, 'docs/simulation.md'), renderPage(study, plots));
}
