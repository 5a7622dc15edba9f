import { type Clients, createClients } from '../clients.ts';
import { DEFAULT_COLUMNS, type Terminal } from '../terminal.ts';
import { diagnose } from './diagnose.ts';
import { renderFindings } from './render-findings.ts';

export interface DoctorOptions {
  hours: number;
  json: boolean;
  project?: string | undefined;
  gitlabToken: string | undefined;
}

/** `sgr doctor`. Returns whether nothing is broken. */
export async function printDoctor(
  { json, ...question }: DoctorOptions,
  terminal: Terminal,
  clients: Clients = createClients(),
): Promise<boolean> {
  const findings = await diagnose({ ...question, now: terminal.now() }, clients);
  if (json) terminal.print(JSON.stringify(findings, undefined, 2));
  else for (const line of renderFindings(findings, terminal.columns ?? DEFAULT_COLUMNS)) terminal.print(line);
  return !findings.some(({ severity }) => severity === 'broken');
}
