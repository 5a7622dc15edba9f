/** Parses this package's command lines. The code is at the root, whose commands are parsed before anything is installed. */
export {
  didYouMean,
  nearestName,
  parseOptions,
  UsageError,
} from '../../../../scripts/cli/parse-options.mjs';
