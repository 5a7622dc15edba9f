import { setTimeout } from 'node:timers/promises';
import type { ECSClient } from '@aws-sdk/client-ecs';
import { isAlive, takesJobs } from '@serverless-gitlab-runner/aws/ecs-tasks';
import { chooseFleet } from '../choose-fleet.ts';
import { type Clients, createClients } from '../clients.ts';
import { readFleets } from '../fleets.ts';
import { findInstallation } from '../installation.ts';
import { jobsOf, readTasks } from '../tasks.ts';
import type { Terminal } from '../terminal.ts';
import { drainManagers } from './drain-managers.ts';

interface DrainOptions {
  /** Default: all. */
  fleet?: string;
  wait: boolean;
  json: boolean;
}

/** Managers that take no more jobs, and the jobs that they still run. */
interface Draining {
  managers: number;
  jobs: number;
}

const POLL_MS = 5000;

/** `sgr drain`. */
export async function printDrain(
  { fleet, wait, json }: DrainOptions,
  terminal: Terminal,
  clients: Clients = createClients(),
  pollMs = POLL_MS,
): Promise<void> {
  const { cluster, parameterPrefix } = await findInstallation(clients.cloudFormation);
  if (fleet !== undefined) chooseFleet(await readFleets(clients.ssm, parameterPrefix), fleet);
  const { managers } = await readTasks(clients.ecs, cluster);
  const taking = managers
    .map(({ facts }) => facts)
    .filter((manager) => takesJobs(manager) && (fleet === undefined || manager.fleet === fleet));
  const arns = taking.map(({ taskArn }) => taskArn);
  await drainManagers(clients.ecs, cluster, arns);
  const drained = new Set(arns);
  let left = await stillDraining(clients.ecs, cluster, fleet);
  let shown = '';
  while (wait && left.managers > 0) {
    const line = `${sentence(left)}: waiting`;
    if (line !== shown) terminal.printError(line);
    shown = line;
    await setTimeout(pollMs);
    left = await stillDraining(clients.ecs, cluster, fleet);
  }
  if (json) return terminal.print(JSON.stringify({ drained: [...drained], ...left }, undefined, 2));
  terminal.print(
    `${count(drained.size, 'manager')} drained: no new jobs for ${drained.size === 1 ? 'it' : 'them'}.`,
  );
  terminal.print(left.managers === 0 ? 'No draining manager is left.' : `${sentence(left)}.`);
}

async function stillDraining(ecs: ECSClient, cluster: string, fleet: string | undefined): Promise<Draining> {
  const { managers, jobTasks } = await readTasks(ecs, cluster);
  const draining = managers
    .map(({ facts }) => facts)
    .filter(
      (one) => isAlive(one) && one.drainAt !== undefined && (fleet === undefined || one.fleet === fleet),
    );
  const jobs = draining.reduce((sum, manager) => sum + jobsOf(manager, jobTasks), 0);
  return { managers: draining.length, jobs };
}

function sentence({ managers, jobs }: Draining): string {
  return `${count(managers, 'draining manager')} still ${managers === 1 ? 'runs' : 'run'} ${count(jobs, 'job')}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
