import type { Fault } from '../fault.ts';
import { aheadFaults } from './ahead.ts';
import { awsFaults } from './aws.ts';
import { cacheFaults } from './cache.ts';
import { gitlabFaults } from './gitlab.ts';
import { jobFaults } from './jobs.ts';
import { managerFaults } from './managers.ts';
import { messageFaults } from './messages.ts';

/** Every fault, in the order in which they run. */
export const FAULTS: readonly Fault[] = [
  ...awsFaults,
  ...messageFaults,
  ...managerFaults,
  ...gitlabFaults,
  ...jobFaults,
  ...cacheFaults,
  ...aheadFaults,
];
