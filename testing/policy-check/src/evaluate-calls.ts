import { factsOf } from './facts.ts';
import { type Installation, type Role, readInstallation } from './installation.ts';
import { needsOf } from './needs/index.ts';
import { type Facts, type Need, UnjudgeableCallError } from './needs/need.ts';
import { environmentOfFunction } from './needs/services.ts';
import type { RecordedCall, Recording } from './recording.ts';
import { type Decision, judge } from './simulator.ts';
import type { Templates } from './template.ts';
import { reasonFor } from './unused-reasons.ts';

/** A call that AWS would refuse, or that cannot be judged. */
export interface Refusal {
  caller: string;
  operation: string;
  /** Empty when the call cannot be judged. */
  action: string;
  resource: string;
  why: string;
}

/** An action that a role has and no recorded call needs. */
export interface UnusedAction {
  role: string;
  /** `Sid` of the statement that grants it. */
  statement: string;
  action: string;
  /** From the table of reasons; null when it has none, which is a failure. */
  reason: string | null;
}

/** `reports/iam.json`. */
export interface IamReport {
  /** Recorded calls, like ones counted each. */
  calls: number;
  /** Different questions that AWS would ask of policies for these calls. */
  evaluated: number;
  refused: Refusal[];
  unusedActions: UnusedAction[];
}

/**
 * Judges every recorded call by the policies of the role that makes it.
 * @param recording what `npm run faults` recorded: calls, and the roles' ARNs as deployed
 * @param templates the synthesised stacks, by name (`synthesise`)
 */
export async function evaluateCalls(recording: Recording, templates: Templates): Promise<IamReport> {
  const installation = readInstallation(templates, recording);
  const facts = factsOf(recording.calls, installation);
  const questions = new Questions();
  const refused = new Map<string, Refusal>();
  for (const call of recording.calls) {
    for (const refusal of await refusalsOf(call, installation, facts, questions)) {
      refused.set(JSON.stringify(refusal), refusal);
    }
  }
  for (const refusal of await refusalsOfServices(installation, questions)) {
    refused.set(JSON.stringify(refusal), refusal);
  }
  return {
    calls: recording.calls.reduce((sum, { calls }) => sum + calls, 0),
    evaluated: questions.count,
    refused: [...refused.values()],
    unusedActions: unusedOf(installation, questions.granted),
  };
}

/** Judges what several installations of the same templates called, in one report. */
export async function evaluateRecordings(
  recordings: readonly Recording[],
  templates: Templates,
): Promise<IamReport> {
  return mergeReports(await Promise.all(recordings.map((recording) => evaluateCalls(recording, templates))));
}

/** One report of several: an action is unused where none of them needed it. */
export function mergeReports([first, ...others]: readonly IamReport[]): IamReport {
  if (first === undefined) return { calls: 0, evaluated: 0, refused: [], unusedActions: [] };
  const isSame = (one: UnusedAction, other: UnusedAction) =>
    one.role === other.role && one.statement === other.statement && one.action === other.action;
  const all = [first, ...others];
  return {
    calls: all.reduce((sum, { calls }) => sum + calls, 0),
    evaluated: all.reduce((sum, { evaluated }) => sum + evaluated, 0),
    refused: all.flatMap(({ refused }) => refused),
    unusedActions: first.unusedActions.filter((action) =>
      others.every(({ unusedActions }) => unusedActions.some((other) => isSame(action, other))),
    ),
  };
}

/** What is wrong in a report, in words. A run of some faults only leaves actions unused that others use. */
export function iamFailures(report: IamReport, { isWholeRun }: { isWholeRun: boolean }): string[] {
  const unexplained = report.unusedActions.filter(({ reason }) => reason === null);
  return [
    ...report.refused.map(
      ({ caller, operation, action, resource, why }) =>
        `${caller} ${operation}: ${action && `${action} on ${resource}: `}${why}`,
    ),
    ...(isWholeRun ? unexplained : []).map(
      ({ role, statement, action }) =>
        `${role}: ${action} (${statement}) is granted, unused and without a reason`,
    ),
  ];
}

/** Answers each question once: most calls ask the same. */
class Questions {
  readonly granted = new Set<string>();
  readonly #decisions = new Map<string, Decision>();

  get count(): number {
    return this.#decisions.size;
  }

  async ask(need: Need, role: Role): Promise<Decision> {
    const key = JSON.stringify([role.name, need]);
    const decision = this.#decisions.get(key) ?? (await judge(need, role));
    this.#decisions.set(key, decision);
    if (decision.isAllowed) {
      for (const statement of decision.grantedBy)
        this.granted.add(grantKey(role.name, statement, need.action));
    }
    return decision;
  }
}

async function refusalsOf(
  call: RecordedCall,
  { roles }: Installation,
  facts: Facts,
  questions: Questions,
): Promise<Refusal[]> {
  const caller = callerOf(call);
  const told = { caller, operation: call.operation };
  const role = roles.get(caller);
  if (role === undefined)
    return [{ ...told, action: '', resource: '', why: `no template has a role of ${caller}` }];
  const refusals: Refusal[] = [];
  try {
    for (const need of needsOf(call, facts)) {
      const decision = await questions.ask(need, role);
      const { action, resource } = need;
      if (!decision.isAllowed) refusals.push({ ...told, action, resource, why: decision.why });
    }
  } catch (error) {
    if (!(error instanceof UnjudgeableCallError)) throw error;
    refusals.push({ ...told, action: '', resource: '', why: error.message });
  }
  return refusals;
}

/** What services ask in a role's name, whatever its programs call. */
async function refusalsOfServices(
  { roles, functionRoles }: Installation,
  questions: Questions,
): Promise<Refusal[]> {
  const refusals: Refusal[] = [];
  for (const caller of functionRoles) {
    const role = roles.get(caller);
    if (role === undefined) continue;
    const need = environmentOfFunction(caller);
    const decision = await questions.ask(need, role);
    const { action, resource } = need;
    if (!decision.isAllowed)
      refusals.push({ caller, operation: 'start of the function', action, resource, why: decision.why });
  }
  return refusals;
}

/** The SDK's name for a caller goes on after the service with what Powertools adds: `idle-reaper-PT-NO-OP-2`. */
function callerOf({ caller }: RecordedCall): string {
  return caller.replace(/-PT-.*$/, '');
}

function unusedOf({ roles }: Installation, granted: ReadonlySet<string>): UnusedAction[] {
  return [...roles.values()].flatMap(({ name: role, statements }) =>
    statements
      .filter(({ Effect }) => Effect === 'Allow')
      .flatMap(({ Sid: statement, Action }) =>
        Action.filter((action) => !granted.has(grantKey(role, statement, action))).map((action) => ({
          role,
          statement,
          action,
          reason: reasonFor(role, statement, action) ?? null,
        })),
      ),
  );
}

function grantKey(role: string, statement: string, action: string): string {
  return `${role} ${statement} ${action}`;
}
