import { closest, normalizedPath, registryPath, tagOf } from '../../registry/registry-path.ts';
import type { PlanDiagnostics } from '../plan-diagnostics.ts';

/**
 * The name under which a fleet pulls an image: its mirror's, where it has one for the image's registry or for a path of
 * it. The longest such path holds, and is replaced by the mirror's; a mirror's own images are not looked up again.
 * @param mirrors the fleet's `job.registryMirrors`: `{ "docker.io": "cache.example.com/hub" }` makes `node:24`
 *   `cache.example.com/hub/library/node:24`
 * @returns the image as it is where no mirror is for it
 */
export function throughMirror(image: string, mirrors: Readonly<Record<string, string>>): string {
  const path = registryPath(image);
  const places = Object.entries(mirrors).map(([where, mirror]) => ({ where: normalizedPath(where), mirror }));
  const found = closest(path, places);
  return found ? `${found.mirror}${path.slice(found.where.length)}${tagOf(image)}` : image;
}

/** As `throughMirror`; the job log is told which image is pulled really. */
export function planMirror(
  image: string,
  mirrors: Readonly<Record<string, string>>,
  findings: PlanDiagnostics,
): string {
  const mirrored = throughMirror(image, mirrors);
  if (mirrored === image) return image;
  const note = `Image ${image} is pulled as ${mirrored} (this fleet's job.registryMirrors), without a login of the job for ${registryPath(image).split('/')[0]}.`;
  if (!findings.notes.includes(note)) findings.notes.push(note);
  return mirrored;
}
