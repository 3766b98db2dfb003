declare const brand: unique symbol;
type Id<Name extends string> = string & { readonly [brand]: Name };

/** The party whose policy, people and money are concerned. */
export type TenantId = Id<'tenant'>;
/** One agent job; unique within its tenant, chosen by whoever submits it. */
export type TaskId = Id<'task'>;
/** The open question about one operation: `{task}:{operation}`. */
export type EscalationId = Id<'escalation'>;
/** Made of subject, escalation and idempotency key, so that a retry through another gateway meets its own answer. */
export type DecisionId = Id<'decision'>;
/** A latched stop. */
export type HaltId = Id<'halt'>;
/** One class of anomalies: made of whose it is and what fired, so that the same one is one. */
export type AnomalyId = Id<'anomaly'>;
/** `sha256:` and 64 hex digits. */
export type Digest = Id<'digest'>;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;

/** Whether a text may serve as the name of a tenant, task, agent, role or subject: 1 to 128 letters, digits, `.`, `_`, `~`, `-`. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** The workflow id of a task; neither part can hold a `/`. */
export function workflowId(tenant: TenantId, task: TaskId): string {
  return `${tenant}/${task}`;
}

/** Splits a workflow id; undefined when it is none of a task's. */
export function parseWorkflowId(text: string): { tenant: TenantId; task: TaskId } | undefined {
  const [tenant = '', task = '', ...more] = text.split('/');
  if (more.length > 0 || !isName(tenant) || !isName(task)) return undefined;
  return { tenant: tenant as TenantId, task: task as TaskId }; // checked by isName above
}

/** The id of the question about one operation of a task. Operation 0 is the hand-over of the task itself. */
export function escalationId(task: TaskId, operation: number): EscalationId {
  return `${task}:${operation}` as EscalationId; // the one place where such an id is made
}

/** Splits an escalation id; undefined when the text is not one. */
export function parseEscalationId(text: string): { task: TaskId; operation: number } | undefined {
  const at = text.lastIndexOf(':');
  const task = text.slice(0, at);
  const operation = text.slice(at + 1);
  if (at < 1 || !isName(task) || !/^(0|[1-9]\d{0,5})$/.test(operation)) return undefined;
  return { task: task as TaskId, operation: Number(operation) }; // checked by isName above
}
