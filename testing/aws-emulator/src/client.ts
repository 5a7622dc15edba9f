const REGION = 'us-east-1';

/** The emulator exempts calls with this key from the account's request rates (testing/aws-emulator/image/fargate/rates.py). */
const OBSERVER_KEY = 'equipment';

/** Options of an AWS client that only observes. The emulator accepts any credentials. */
export function emulatorClient(endpoint: string) {
  return { endpoint, region: REGION, credentials: { accessKeyId: OBSERVER_KEY, secretAccessKey: 'test' } };
}
