import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

/** A zip archive with one file, as Lambda requires for its code. */
export async function zipOf(name: string, content: string | Uint8Array): Promise<Uint8Array> {
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(content), name);
  zip.end();
  return await buffer(zip.outputStream);
}
