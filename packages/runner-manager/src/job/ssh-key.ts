import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

/** An Ed25519 key pair in the formats of `ssh-keygen`. */
export interface SshKey {
  /** Content of the file that `IdentityFile` names. */
  privateKey: string;
  /** One line without a comment, as in `authorized_keys`. */
  publicKey: string;
}

const TYPE = 'ssh-ed25519';
/** The private part is padded to a multiple of this, also without encryption. */
const BLOCK_BYTES = 8;

/**
 * Creates a key pair. Here and not with `ssh-keygen`, because starting a program takes longer than everything else that a manager
 * does before it starts a job's task.
 * @see https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key
 */
export async function createSshKey(): Promise<SshKey> {
  const { privateKey } = await promisify(generateKeyPair)('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const [secret, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  const publicPart = Buffer.concat([text(TYPE), text(point)]);
  const check = randomBytes(4);
  const privatePart = padded(
    Buffer.concat([check, check, publicPart, text(Buffer.concat([secret, point])), text('')]),
  );
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[text('none'), text('none'), text('')],
    uint32(1),
    text(publicPart),
    text(privatePart),
  ]);
  return { privateKey: armored(file), publicKey: `${TYPE} ${publicPart.toString('base64')}` };
}

/** SSH's `string`: its length, then its bytes. */
function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Padding is the bytes 1, 2, 3, … */
function padded(bytes: Buffer): Buffer {
  const missing = (BLOCK_BYTES - (bytes.length % BLOCK_BYTES)) % BLOCK_BYTES;
  return Buffer.concat([bytes, Buffer.from(Array.from({ length: missing }, (_, index) => index + 1))]);
}

function armored(file: Buffer): string {
  const lines = file.toString('base64').match(/.{1,70}/g) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join(
    '\n',
  );
}
