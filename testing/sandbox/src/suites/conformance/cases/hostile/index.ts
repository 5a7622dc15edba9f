import type { Suite } from '../../conformance-case.ts';
import { hostile } from './expectations.ts';
import { FILES } from './files.ts';
import { HELPER } from './helper.ts';
import { IDENTITY } from './identity.ts';
import { startVictim, victimIsUnaffected } from './victim.ts';
import { logsStaySmall, managerKeepsItsMemory, nothingIsLeft } from './watch-manager.ts';

/** Two projects on one manager, one of which tries to harm the other. */
export const HOSTILE: Suite = {
  repository: 'hostile',
  alone: true,
  prepare: startVictim,
  cases: [
    hostile(
      "another project's job that runs concurrently is not affected",
      {},
      { during: victimIsUnaffected, quick: true },
    ),
    hostile(
      "the manager's memory grows by 64 MiB at most",
      {},
      { during: managerKeepsItsMemory, quick: true },
    ),
    hostile('no file of a finished job is left in the manager', {}, { during: nothingIsLeft, quick: true }),
    hostile('output of jobs is not sent to CloudWatch', {}, { during: logsStaySmall, quick: true }),
    ...IDENTITY,
    ...FILES,
    ...HELPER,
  ],
};
