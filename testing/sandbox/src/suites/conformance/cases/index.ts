import type { Suite } from '../conformance-case.ts';
import { AHEAD } from './ahead.ts';
import { ARM } from './arm.ts';
import { ARTIFACTS } from './artifacts.ts';
import { BUILDS } from './builds.ts';
import { CACHE } from './cache.ts';
import { CANCEL, INTERRUPTIBLE } from './cancel.ts';
import { CONTROL } from './control.ts';
import { ENDINGS } from './endings.ts';
import { FLAGS } from './flags.ts';
import { GIT } from './git.ts';
import { HOSTILE } from './hostile/index.ts';
import { HOSTILE_TEXT } from './hostile/text.ts';
import { HOSTILE_CACHE } from './hostile-cache.ts';
import { IMAGE } from './image.ts';
import { INJECTION } from './injection.ts';
import { LOG, THROUGHPUT } from './log.ts';
import { MANY } from './many.ts';
import { MASKING } from './masking.ts';
import { MOVING_TAG } from './moving-tag.ts';
import { NEEDS } from './needs.ts';
import { OWN_PIPELINE } from './own-pipeline.ts';
import { PRIVATE_IMAGES, PRIVATE_IMAGES_FILE, PRIVATE_IMAGES_VARIABLE } from './private-images.ts';
import { REFUSED } from './refused.ts';
import { SCRIPT } from './script.ts';
import { SERVICES } from './services.ts';
import { SHELLS } from './shells.ts';
import { SIZES } from './sizes.ts';
import { USER } from './user.ts';
import { VARIABLES } from './variables.ts';

/** Every case, grouped by the repository that it runs in. */
export const SUITES: readonly Suite[] = [
  THROUGHPUT,
  MANY,
  HOSTILE,
  HOSTILE_TEXT,
  IMAGE,
  PRIVATE_IMAGES,
  PRIVATE_IMAGES_VARIABLE,
  PRIVATE_IMAGES_FILE,
  USER,
  SHELLS,
  SERVICES,
  VARIABLES,
  MASKING,
  SCRIPT,
  GIT,
  ARTIFACTS,
  NEEDS,
  CACHE,
  HOSTILE_CACHE,
  CONTROL,
  CANCEL,
  INTERRUPTIBLE,
  SIZES,
  LOG,
  INJECTION,
  BUILDS,
  OWN_PIPELINE,
  AHEAD,
  MOVING_TAG,
  ENDINGS,
  FLAGS,
  ARM,
  REFUSED,
];
