/** AWS in a container: image, start, clients, and switches for faults. */

export { accessKeyOf } from './access-key.ts';
export { emulatorClient } from './client.ts';
export { buildEmulatorImage, EMULATOR_IMAGE } from './image.ts';
export { type Emulator, type EmulatorOptions, startEmulator } from './start-emulator.ts';
export { listRuns, sweep } from './sweep.ts';
export {
  type AccountSwitch,
  EmulatorSwitches,
  NO_CAPACITY,
  QUOTA_REACHED,
  type RateBucket,
} from './switches.ts';
export { RUN_LABEL, taskContainers } from './task-containers.ts';
