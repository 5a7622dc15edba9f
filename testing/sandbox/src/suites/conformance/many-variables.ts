import type { CommitFile } from '@serverless-gitlab-runner/gitlab-double';
import { DEMO_IMAGES } from '../../images/demo-images.ts';

const SERVICES = 8;
const VARIABLES = 198;
/** Characters of each variable. With two more that refer to the secret, a service gets 200 KB. */
const CHARACTERS = 1000;

/** A secret of the project's settings with the length of the other variables. */
export const LONG_SECRET = `planted-long-secret-${'s'.repeat(CHARACTERS - 20)}`;

/** The file that `.gitlab-ci.yml` includes: a job with 198 variables and the maximum number of services. */
export const MANY_VARIABLES: Readonly<Record<string, CommitFile>> = {
  'many.yml': { content: JSON.stringify({ 'many-variables': job() }), mode: 0o644 },
};

function job() {
  const names = Array.from({ length: VARIABLES }, (_, index) => `MANY_${index}`);
  const variables = names.map((name, index) => [name, `${index} `.padEnd(CHARACTERS, `'it"s ${index} `)]);
  const printVariables = `awk 'BEGIN { for (n in ENVIRON) if (n ~ /^MANY_/) print n "=" ENVIRON[n] }' | sort`;
  const services = Array.from({ length: SERVICES }, (_, index) => ({
    name: DEMO_IMAGES.busybox,
    alias: `service-${index}`,
    entrypoint: ['/bin/sh', '-c'],
    command: [`${printVariables} > /builds/variables-${index}; exec httpd -f -p ${9100 + index}`],
    variables: {
      MANY_SECRET: '$LONG_SECRET',
      MANY_MORE: 'and $LONG_SECRET',
      HEALTHCHECK_TCP_PORT: `${9100 + index}`,
    },
  }));
  return {
    image: DEMO_IMAGES.busybox,
    variables: Object.fromEntries(variables),
    services,
    script: [
      'export MANY_SECRET="$LONG_SECRET" MANY_MORE="and $LONG_SECRET"',
      'env | grep -c "^MANY_" | sed "s/^/variables: /"',
      `${printVariables} > /builds/variables`,
      `for service in $(seq 0 ${SERVICES - 1}); do cmp /builds/variables /builds/variables-$service && echo "service $service has all"; done`,
    ],
  };
}
