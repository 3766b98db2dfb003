/** What the package's main door gives: defining tools, and the client of the gateway's HTTP API. */
export { secret } from './contract/secret.js';
export { defineTool, isTool, ToolFailure } from './contract/tool.js';
export type { Tool } from './contract/tool.js';
export type { Preview, RunContext, ToolDefinition } from './contract/tool-definition.js';
export type { AlwaysAsk, Impact, Json, Money, Tier } from './domain/action.js';
export type { Change, Evidence } from './domain/brief.js';
export { CountersignError, type ErrorCode } from './domain/errors.js';
export { createClient } from './sdk/client.js';
export type { ClientOptions, CountersignClient, Keyed, PageQuery, Submission } from './sdk/client.js';
export type { TokenRequest } from './sdk/administration.js';
export type {
  DecisionReceipt,
  DecisionRequest,
  EscalationView,
  HaltPage,
  HaltRequest,
  HaltView,
  InboxItem,
  InboxPage,
  ResultView,
  SubmitAnswer,
  SubmitRequest,
  TaskPage,
  TaskView,
} from './contract/http.js';
export type { AnomalyPage, AnomalyView, CloseRequest } from './contract/http-anomalies.js';
export type { JournalPage } from './contract/http-evidence.js';
