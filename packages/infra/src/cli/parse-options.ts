/** Command lines of this package. They stand at the root, whose commands parse theirs before anything is installed. */
export {
  didYouMean,
  nearestName,
  parseOptions,
  UsageError,
} from '../../../../scripts/cli/parse-options.mjs';
