/** Synthesises as the CDK CLI would for a region. */
export function inRegion<Result>(region: string, synthesise: () => Result): Result {
  const before = process.env.CDK_DEFAULT_REGION;
  process.env.CDK_DEFAULT_REGION = region;
  try {
    return synthesise();
  } finally {
    if (before === undefined) delete process.env.CDK_DEFAULT_REGION;
    else process.env.CDK_DEFAULT_REGION = before;
  }
}
