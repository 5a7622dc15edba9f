import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { productFile } from '../product-files.ts';
import type { ImageSource } from './image-source.ts';

/** Images for both architectures, by digest: `registry.example.com/runner@sha256:…`. */
const imagesSchema = z.object({
  runner: z.string().regex(/@sha256:[0-9a-f]{64}$/),
  jobBase: z.string().regex(/@sha256:[0-9a-f]{64}$/),
});

interface ImageProps {
  readonly runnerImage?: ImageSource;
  readonly jobBaseImage?: ImageSource;
}

/** A release's images by the names of their properties. @throws if one is not named by digest */
export function parseImages(json: string): Required<{ [Name in keyof ImageProps]: string }> {
  const { runner, jobBase } = imagesSchema.parse(JSON.parse(json));
  return { runnerImage: runner, jobBaseImage: jobBase };
}

/**
 * Fills in the images that were released with this package, so that nothing has to be built. A release writes their names into
 * the package; the repository, and a package that was packed by hand, have none.
 * @param file with the names
 */
export function withPublishedImages<Props extends ImageProps>(
  props: Props,
  file = productFile('images.json'),
): Props {
  if (!existsSync(file)) return props;
  const { runnerImage, jobBaseImage } = parseImages(readFileSync(file, 'utf8'));
  return {
    ...props,
    runnerImage: props.runnerImage ?? runnerImage,
    jobBaseImage: props.jobBaseImage ?? jobBaseImage,
  };
}
