export { BASE_IMAGE, BaseImageUnavailableError, ensureBaseImage } from './base-image.ts';
export {
  buildImage,
  CONTENT_HASH_LABEL,
  type ImageBuild,
  type ImageBuildResult,
  imageId,
} from './build-image.ts';
export { CA_BUNDLE_FILE, hostCaBundle } from './certificates.ts';
