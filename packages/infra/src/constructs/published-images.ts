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
  const { runner, jobBase } = imagesSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  return { ...props, runnerImage: props.runnerImage ?? runner, jobBaseImage: props.jobBaseImage ?? jobBase };
}
