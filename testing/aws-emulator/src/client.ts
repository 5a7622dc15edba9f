const REGION = 'us-east-1';

/** The emulator does not count calls with this key towards the account's rates (testing/aws-emulator/image/fargate/rates.py). */
const WATCHER_KEY = 'equipment';

/** Options of an AWS client that watches the emulator, which takes any credentials. */
export function emulatorClient(endpoint: string) {
  return { endpoint, region: REGION, credentials: { accessKeyId: WATCHER_KEY, secretAccessKey: 'test' } };
}
