import { didYouMean, parseOptions, UsageError } from '../../../scripts/cli/parse-options.mjs';
import { checkFamily } from './check-family.ts';
import { type FamilyName, families } from './families.ts';

const HELP = `Usage: node testing/protocol-model/src/long-run.ts [options]

  --schedules N   total number of schedules, divided evenly among the families (default: 100000)
  --family NAME   run one family only: ${Object.keys(families).join(', ')}
  --seed N        fast-check's seed (default: a new one for each run)
  -h, --help      print this help
`;

/** Schedules of a family per turn. */
const SCHEDULES_PER_TURN = 2000;
const PROGRESS_MS = 5000;

const { values } = readArguments();

function readArguments() {
  try {
    return parseOptions(process.argv.slice(2), {
      schedules: { type: 'string', default: '100000' },
      family: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 0x7fffffff) },
      help: { type: 'boolean', short: 'h', default: false },
    });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}

function isFamily(name: string): name is FamilyName {
  return Object.hasOwn(families, name);
}

/** Runs the families in turns, so that an aborted run has covered all of them. @returns the exit code */
async function longRun(total: number, seed: number, only: string | undefined): Promise<number> {
  const names = Object.keys(families)
    .filter(isFamily)
    .filter((name) => only === undefined || name === only);
  if (names.length === 0) {
    console.error(`Unknown family "${only}"${didYouMean(only ?? '', Object.keys(families))}. See --help.`);
    return 2;
  }
  const startedAt = Date.now();
  const failed = new Set<FamilyName>();
  let reportedAt = startedAt;
  let done = 0;
  const reportProgress = () => {
    const seconds = (Date.now() - startedAt) / 1000;
    const perSecond = Math.round(done / seconds);
    console.log(
      `${done} of ${total} schedules, ${Math.round(seconds)} s, ${perSecond}/s, ${failed.size} families violated`,
    );
    reportedAt = Date.now();
  };
  const onRun = () => {
    done += 1;
    if (Date.now() - reportedAt > PROGRESS_MS) reportProgress();
  };
  for (let turn = 0; done < total; turn += 1) {
    for (const family of names) {
      const schedules = Math.min(SCHEDULES_PER_TURN, total - done);
      if (schedules <= 0 || failed.has(family)) continue;
      const { failure } = await checkFamily(family, { schedules, seed: seed + turn, onRun });
      if (failure === undefined) continue;
      failed.add(family);
      console.log(failure.message);
    }
    if (failed.size === names.length) break;
  }
  reportProgress();
  return failed.size === 0 ? 0 : 1;
}

if (values.help) console.log(HELP);
else process.exitCode = await longRun(Number(values.schedules), Number(values.seed), values.family);
