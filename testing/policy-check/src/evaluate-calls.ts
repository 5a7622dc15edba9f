import { factsOf } from './facts.ts';
import { type Installation, type Role, readInstallation } from './installation.ts';
import { needsOf } from './needs/index.ts';
import { type Facts, type Need, UnevaluableCallError } from './needs/need.ts';
import { environmentOfFunction } from './needs/services.ts';
import type { RecordedCall, Recording } from './recording.ts';
import { type Decision, decideAccess } from './simulator.ts';
import type { Templates } from './template.ts';
import { reasonFor } from './unused-reasons.ts';

/** A call that AWS would refuse, or that cannot be evaluated. */
export interface Refusal {
  caller: string;
  operation: string;
  /** Empty if the call cannot be evaluated. */
  action: string;
  resource: string;
  why: string;
}

/** An action that is granted to a role but not needed by any recorded call. */
export interface UnusedAction {
  role: string;
  /** `Sid` of the granting statement. */
  statement: string;
  action: string;
  /** From `UNUSED_REASONS`; null if the table has none, which is a failure. */
  reason: string | null;
}

/** `reports/iam.json`. */
export interface IamReport {
  /** Number of recorded calls, including equivalent ones. */
  calls: number;
  /** Number of distinct policy evaluations for these calls. */
  evaluated: number;
  refused: Refusal[];
  unusedActions: UnusedAction[];
}

/**
 * Evaluates every recorded call against the policies of its caller's role.
 * @param recording calls and deployed role ARNs, as recorded by `npm run faults`
 * @param templates the synthesised stacks, by name (`synthesise`)
 */
export async function evaluateCalls(recording: Recording, templates: Templates): Promise<IamReport> {
  const installation = readInstallation(templates, recording);
  const facts = factsOf(recording.calls, installation);
  const checks = new AccessChecks();
  const refused = new Map<string, Refusal>();
  for (const call of recording.calls) {
    for (const refusal of await refusalsOf(call, installation, facts, checks)) {
      refused.set(JSON.stringify(refusal), refusal);
    }
  }
  for (const refusal of await refusalsOfServices(installation, checks)) {
    refused.set(JSON.stringify(refusal), refusal);
  }
  return {
    calls: recording.calls.reduce((sum, { calls }) => sum + calls, 0),
    evaluated: checks.count,
    refused: [...refused.values()],
    unusedActions: unusedOf(installation, checks.granted),
  };
}

/** Evaluates the calls of several installations of the same templates and merges the reports. */
export async function evaluateRecordings(
  recordings: readonly Recording[],
  templates: Templates,
): Promise<IamReport> {
  return mergeReports(await Promise.all(recordings.map((recording) => evaluateCalls(recording, templates))));
}

/** Merges reports. An action is unused if it is unused in all of them. */
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

/** Describes the failures of a report. Unused actions count in whole runs only: a subset of the faults needs fewer actions. */
export function iamFailures(report: IamReport, { isWholeRun }: { isWholeRun: boolean }): string[] {
  const unexplained = report.unusedActions.filter(({ reason }) => reason === null);
  return [
    ...report.refused.map(
      ({ caller, operation, action, resource, why }) =>
        `${caller} ${operation}: ${action && `${action} on ${resource}: `}${why}`,
    ),
    ...(isWholeRun ? unexplained : []).map(
      ({ role, statement, action }) =>
        `${role}: ${action} (${statement}) is granted but unused, and no reason is listed`,
    ),
  ];
}

/** Caches evaluations, since most calls need the same ones. */
class AccessChecks {
  readonly granted = new Set<string>();
  readonly #decisions = new Map<string, Decision>();

  get count(): number {
    return this.#decisions.size;
  }

  async check(need: Need, role: Role): Promise<Decision> {
    const key = JSON.stringify([role.name, need]);
    const decision = this.#decisions.get(key) ?? (await decideAccess(need, role));
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
  checks: AccessChecks,
): Promise<Refusal[]> {
  const caller = callerOf(call);
  const common = { caller, operation: call.operation };
  const role = roles.get(caller);
  if (role === undefined)
    return [{ ...common, action: '', resource: '', why: `the templates have no role for ${caller}` }];
  const refusals: Refusal[] = [];
  try {
    for (const need of needsOf(call, facts)) {
      const decision = await checks.check(need, role);
      const { action, resource } = need;
      if (!decision.isAllowed) refusals.push({ ...common, action, resource, why: decision.why });
    }
  } catch (error) {
    if (!(error instanceof UnevaluableCallError)) throw error;
    refusals.push({ ...common, action: '', resource: '', why: error.message });
  }
  return refusals;
}

/** Actions that AWS services perform as a role, independent of recorded calls. */
async function refusalsOfServices(
  { roles, functionRoles }: Installation,
  checks: AccessChecks,
): Promise<Refusal[]> {
  const refusals: Refusal[] = [];
  for (const caller of functionRoles) {
    const role = roles.get(caller);
    if (role === undefined) continue;
    const need = environmentOfFunction(caller);
    const decision = await checks.check(need, role);
    const { action, resource } = need;
    if (!decision.isAllowed)
      refusals.push({ caller, operation: 'start of the function', action, resource, why: decision.why });
  }
  return refusals;
}

/** Removes the suffix that Powertools appends to the service name, as in `idle-reaper-PT-NO-OP-2`. */
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
