export { buildEmulatorImage } from './image.ts';
export { type Emulator, type EmulatorOptions, startEmulator } from './start-emulator.ts';
export { listRuns, sweep } from './sweep.ts';
