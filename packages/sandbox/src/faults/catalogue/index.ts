import type { Fault } from '../fault.ts';
import { awsFaults } from './aws.ts';

/** Every fault, in the order in which they are run. */
export const FAULTS: readonly Fault[] = [...awsFaults];
