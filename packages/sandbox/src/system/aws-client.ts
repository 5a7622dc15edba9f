const REGION = 'us-east-1';

/** Options of an AWS client for the emulator, which takes any credentials. */
export function emulatorClient(endpoint: string) {
  return { endpoint, region: REGION, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
}
