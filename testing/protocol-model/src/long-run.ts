import { didYouMean, parseOptions, UsageError } from '../../../scripts/cli/parse-options.mjs';
import { checkFamily } from './check-family.ts';
import { type FamilyName, families } from './families.ts';

const HELP = `Usage: node testing/protocol-model/src/long-run.ts [options]

  --schedules N   schedules in all, shared evenly among the families (default 100000)
  --family NAME   one family only: ${Object.keys(families).join(', ')}
  --seed N        fast-check's seed (default: another one each time)
  -h, --help      prints this
`;

/** Schedules between two looks at the other families. */
const SHARE = 2000;
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

/** Runs the families in turns, so that a run cut short has seen all of them. @returns the exit code */
async function longRun(wanted: number, seed: number, only: string | undefined): Promise<number> {
  const names = Object.keys(families)
    .filter(isFamily)
    .filter((name) => only === undefined || name === only);
  if (names.length === 0) {
    console.error(
      `There is no family "${only}"${didYouMean(only ?? '', Object.keys(families))}? See --help.`,
    );
    return 2;
  }
  const startedAt = Date.now();
  const failed = new Set<FamilyName>();
  let toldAt = startedAt;
  let done = 0;
  const tell = () => {
    const seconds = (Date.now() - startedAt) / 1000;
    const perSecond = Math.round(done / seconds);
    console.log(
      `${done} of ${wanted} schedules, ${Math.round(seconds)} s, ${perSecond}/s, ${failed.size} families violated`,
    );
    toldAt = Date.now();
  };
  const onRun = () => {
    done += 1;
    if (Date.now() - toldAt > PROGRESS_MS) tell();
  };
  for (let turn = 0; done < wanted; turn += 1) {
    for (const family of names) {
      const schedules = Math.min(SHARE, wanted - done);
      if (schedules <= 0 || failed.has(family)) continue;
      const { failure } = await checkFamily(family, { schedules, seed: seed + turn, onRun });
      if (failure === undefined) continue;
      failed.add(family);
      console.log(failure.message);
    }
    if (failed.size === names.length) break;
  }
  tell();
  return failed.size === 0 ? 0 : 1;
}

if (values.help) console.log(HELP);
else process.exitCode = await longRun(Number(values.schedules), Number(values.seed), values.family);
