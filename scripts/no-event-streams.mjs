/**
 * Replaces the SDK's event streams in the Lambdas' bundles: no operation that they call has one. The SDK imports them when they
 * are needed, for which a bundler must keep nearly all of the SDK's core apart and whole.
 */
export class EventStreamSerde {
  constructor() {
    throw new Error(
      'event streams are not bundled: remove this alias from scripts/lambda-bundle.mjs to use them',
    );
  }
}

/** Of clients that have operations with event streams, such as CloudWatch Logs'. */
export const eventStreamSerdeProvider = () => undefined;
/** @template Config @param {Config} config */
export const resolveEventStreamSerdeConfig = (config) => config;
