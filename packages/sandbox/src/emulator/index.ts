export { buildEmulatorImage } from './image.ts';
export { type Emulator, startEmulator } from './start-emulator.ts';
export { listRuns, sweep } from './sweep.ts';
