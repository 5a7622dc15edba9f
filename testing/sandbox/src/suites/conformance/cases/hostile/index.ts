import type { Suite } from '../../conformance-case.ts';
import { hostile } from './expectations.ts';
import { FILES } from './files.ts';
import { HELPER } from './helper.ts';
import { IDENTITY } from './identity.ts';
import { startVictim, victimNoticedNothing } from './victim.ts';
import { logsStaySmall, managerKeepsItsMemory, nothingIsLeft } from './watch-manager.ts';

/** Two projects at once on one manager, one trying to harm the other. */
export const HOSTILE: Suite = {
  repository: 'hostile',
  alone: true,
  prepare: startVictim,
  cases: [
    hostile(
      "another project's job beside all of them notices nothing",
      {},
      { during: victimNoticedNothing, quick: true },
    ),
    hostile('the manager grows by 64 MiB at most', {}, { during: managerKeepsItsMemory, quick: true }),
    hostile('no file of a job is left in the manager', {}, { during: nothingIsLeft, quick: true }),
    hostile('nothing that jobs write is shipped to CloudWatch', {}, { during: logsStaySmall, quick: true }),
    ...IDENTITY,
    ...FILES,
    ...HELPER,
  ],
};
