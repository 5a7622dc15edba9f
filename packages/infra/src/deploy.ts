/** Deploys one stack: `node src/deploy.ts shared|webhook-receiver|runner-launcher|idle-reaper [cdk deploy's options]`. */
import { argv, exit, stderr, stdout } from 'node:process';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DeployError, deployStack, isStackTarget, STACK_TARGETS } from './deploy/deploy-stack.ts';

const [target = '', ...options] = argv.slice(2);
if (!isStackTarget(target)) {
  stderr.write(`"${target}" is no stack of this app: name one of ${STACK_TARGETS.join(', ')}\n`);
  exit(2);
}
try {
  await deployStack(target, {
    options,
    cloudFormation: new CloudFormationClient(),
    log: (line) => void stdout.write(`${line}\n`),
  });
} catch (error) {
  if (!(error instanceof DeployError)) throw error;
  stderr.write(`${error.message}\n`);
  exit(1);
}
