/** Descriptions of roles, by which tests identify them. */

export const managerOf = (fleet: string) =>
  `What a runner manager of fleet ${fleet} may do: run, watch and stop its job tasks`;
export const jobExecutionOf = (fleet: string) =>
  `Pulls the images of the jobs of fleet ${fleet} and writes their logs`;
export const cacheOf = (fleet: string) =>
  `Reads and writes the caches of fleet ${fleet}: its managers sign their URLs`;

export const MANAGER = managerOf('default');
export const JOB_EXECUTION = jobExecutionOf('default');
export const CACHE = cacheOf('default');
