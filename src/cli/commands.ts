import type { Command } from './command.js';
import { anomaliesCloseCommand, anomaliesCommand } from './commands/anomalies.js';
import { auditExportCommand, auditVerifyCommand } from './commands/audit.js';
import {
  approveCommand,
  editCommand,
  escalateCommand,
  extendCommand,
  holdCommand,
  rejectCommand,
  resolveCommand,
  respondCommand,
  takeOverCommand,
  withdrawCommand,
} from './commands/decide.js';
import { devCommand } from './commands/dev.js';
import { haltCommand, haltsCommand, liftCommand } from './commands/halts.js';
import { hooksCommand, hooksEnableCommand } from './commands/hooks.js';
import { inboxCommand, showCommand } from './commands/inbox.js';
import { keysMakeCommand } from './commands/keys.js';
import { loginCommand, logoutCommand } from './commands/login.js';
import { policyCheckCommand, toolsCheckCommand } from './commands/policy.js';
import { policyActivateCommand } from './commands/policy-activate.js';
import { policyExplainCommand } from './commands/policy-explain.js';
import { policyMatrixCommand } from './commands/policy-matrix.js';
import { policyTestCommand } from './commands/policy-test.js';
import { reviewCommand } from './commands/review.js';
import { gatewayCommand, migrateCommand, workerCommand } from './commands/serve.js';
import { sessionListCommand, sessionRevokeCommand, signInLinkCommand } from './commands/sessions.js';
import {
  cancelCommand,
  resultCommand,
  statusCommand,
  submitCommand,
  tasksCommand,
  watchCommand,
} from './commands/tasks.js';
import {
  claimCommand,
  delegateCommand,
  releaseCommand,
  rosterAbsentCommand,
  rosterSetCommand,
  rosterShowCommand,
  undelegateCommand,
} from './commands/who-may.js';
import { tokenCreateCommand, tokenListCommand, tokenRevokeCommand } from './commands/tokens.js';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  devCommand,
  workerCommand,
  gatewayCommand,
  migrateCommand,
  keysMakeCommand,
  submitCommand,
  statusCommand,
  watchCommand,
  resultCommand,
  cancelCommand,
  tasksCommand,
  inboxCommand,
  showCommand,
  reviewCommand,
  approveCommand,
  rejectCommand,
  editCommand,
  respondCommand,
  takeOverCommand,
  escalateCommand,
  holdCommand,
  extendCommand,
  withdrawCommand,
  resolveCommand,
  claimCommand,
  releaseCommand,
  delegateCommand,
  undelegateCommand,
  anomaliesCommand,
  anomaliesCloseCommand,
  haltCommand,
  liftCommand,
  haltsCommand,
  policyCheckCommand,
  policyTestCommand,
  policyExplainCommand,
  policyMatrixCommand,
  policyActivateCommand,
  toolsCheckCommand,
  auditVerifyCommand,
  auditExportCommand,
  loginCommand,
  logoutCommand,
  signInLinkCommand,
  sessionListCommand,
  sessionRevokeCommand,
  rosterShowCommand,
  rosterSetCommand,
  rosterAbsentCommand,
  tokenCreateCommand,
  tokenListCommand,
  tokenRevokeCommand,
  hooksCommand,
  hooksEnableCommand,
];
