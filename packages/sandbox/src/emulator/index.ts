export { buildEmulatorImage, EMULATOR_IMAGE } from './image.ts';
export { type Emulator, type EmulatorOptions, startEmulator } from './start-emulator.ts';
export { type Swept, sweep } from './sweep.ts';
