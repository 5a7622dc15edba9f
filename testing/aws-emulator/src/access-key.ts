import { createHash } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Access key of the emulator's credentials for a task role (testing/aws-emulator/image/fargate/credentials.py). */
export function accessKeyOf(roleArn: string): string {
  const digest = createHash('sha256').update(roleArn).digest();
  // 16 characters of base32 encode the first 80 bits, five bits each.
  const bits = [...digest.subarray(0, 10)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const characters = (bits.match(/.{5}/g) ?? []).map((five) => ALPHABET[Number.parseInt(five, 2)]);
  return `ASIA${characters.join('')}`;
}
