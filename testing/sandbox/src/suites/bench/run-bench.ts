import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildPackages,
  logToStderr as log,
  REPOSITORY_ROOT,
  writeReport,
} from '@serverless-gitlab-runner/machine';
import pc from 'picocolors';
import { parseCommandLine } from '../../../../../scripts/cli/commands.mjs';
import type { CommandContext } from '../../command.ts';
import { prepareMachine } from '../../system/prepare-machine.ts';
import { BenchEnvironment } from './bench-environment.ts';
import type { Figure } from './figure.ts';
import { measureBurst } from './measure-burst.ts';
import { measureCalls } from './measure-calls.ts';
import { measureLambdas } from './measure-lambdas.ts';
import { measureManager } from './measure-manager.ts';
import { measurePipelines } from './measure-pipelines.ts';
import { measureReceiver } from './measure-receiver.ts';
import { plotFigures } from './plot-figures.ts';
import { renderFigures } from './render-figures.ts';

const PLOT = join(REPOSITORY_ROOT, 'docs/bench.svg');

/** `npm run bench`: measures all figures, or the named groups. Exit code 1 if a target is missed. */
export async function runBench({ args, cleanup, signal }: CommandContext): Promise<number> {
  const { values, positionals } = parseCommandLine('bench', args);
  const groups: readonly string[] = positionals;
  const isChosen = (group: string) => groups.length === 0 || groups.includes(group);
  const seed = Number(values.seed);
  const figures: Figure[] = [];
  if (isChosen('lambdas')) {
    await buildPackages(log);
    figures.push(...(await measureLambdas(log)));
  }
  if (isChosen('calls')) figures.push(...(await measureCalls(seed, log)));
  if (isChosen('pipelines') || isChosen('manager')) {
    const machine = await prepareMachine({ log, cleanup, bundles: true, demoImages: false });
    const environment = await BenchEnvironment.start({ log, cleanup, signal, machine });
    if (isChosen('manager')) {
      figures.push(...(await measureManager(environment, log)));
      figures.push(...(await measureReceiver(environment, log)));
    }
    if (isChosen('pipelines')) figures.push(...(await measurePipelines(environment, seed, log)));
    // Last: it leaves messages and managers behind.
    if (isChosen('manager')) figures.push(...(await measureBurst(environment, log)));
  }
  writeReport('bench.json', figures);
  // The plot in the documentation shows every group.
  if (groups.length === 0) writeFileSync(PLOT, plotFigures(figures));
  console.log(renderFigures(figures));
  return reportResult(figures, seed);
}

function reportResult(figures: readonly Figure[], seed: number): number {
  const missed = figures.filter(({ met }) => !met).length;
  const result =
    missed === 0 ? 'Every target is met' : pc.red(`${missed} of ${figures.length} figures miss their target`);
  console.log(`\n${result} (seed ${seed}). Report: reports/bench.json`);
  return missed === 0 ? 0 : 1;
}
