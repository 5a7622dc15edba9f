export { BASE_IMAGE, ensureBaseImage } from './base-image.ts';
export { buildImage, type ImageBuild, imageId } from './build-image.ts';
export { hostCaBundle } from './certificates.ts';
export { defaultImageOf } from './default-image.ts';
export { loadImage } from './load-image.ts';
export { HOST_ARCHITECTURE, nameFor, PLATFORM } from './platform.ts';
