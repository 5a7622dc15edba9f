import { runCommand } from '@serverless-gitlab-runner/machine';
import * as z from 'zod';
import { RUN_LABEL } from './task-containers.ts';

const inspectSchema = z.tuple([
  z.object({ IPAM: z.object({ Config: z.array(z.object({ Gateway: z.string() })).min(1) }) }),
]);

/** Creates a bridge network with the run's label. Returns the host's address on it. */
export async function createNetwork(name: string, runId: string): Promise<string> {
  await runCommand('docker', ['network', 'create', '--label', `${RUN_LABEL}=${runId}`, name]);
  const [network] = inspectSchema.parse(JSON.parse(await runCommand('docker', ['network', 'inspect', name])));
  const [config] = network.IPAM.Config;
  return config?.Gateway.split('/')[0] ?? '';
}
