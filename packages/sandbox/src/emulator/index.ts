export { buildEmulatorImage } from './image.ts';
export { type Emulator, startEmulator } from './start-emulator.ts';
export { sweep } from './sweep.ts';
