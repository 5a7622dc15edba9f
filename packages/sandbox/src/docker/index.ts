export { BASE_IMAGE, BaseImageUnavailableError, ensureBaseImage } from './base-image.ts';
export { buildImage, imageId } from './build-image.ts';
export { hostCaBundle } from './certificates.ts';
