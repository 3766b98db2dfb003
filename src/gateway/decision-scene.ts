import type { DecisionRequest } from '../contract/http.js';
import type { Channel } from '../domain/decision.js';
import type { StepUp } from '../domain/identity.js';
import type { DecisionId, Digest, TaskId } from '../domain/ids.js';
import type { SceneRow } from '../store/decision-scene.js';
import type { DecisionRow } from '../store/decisions.js';
import type { QuestionRow } from '../store/questions.js';
import type { Bearer } from '../store/tokens.js';
import type { Roster } from './deps.js';
import type { Approval, Decider } from '../contract/question-rules.js';

/** A decision as it arrives: who, about what, under which id. */
export interface IncomingDecision {
  readonly bearer: Bearer;
  readonly task: TaskId;
  readonly operation: number;
  readonly body: DecisionRequest;
  readonly id: DecisionId;
  readonly requestDigest: Digest;
  readonly channel: Channel;
}

/** What a check may look at: everything was read under the question's lock. */
export interface DecisionScene extends Pick<SceneRow, 'requester' | 'haltId' | 'haltScope' | 'known'> {
  readonly question: QuestionRow;
  readonly decider: Decider;
  /** Of the policy in force. */
  readonly roster: Roster | undefined;
  /** Whoever cannot approve it, because they edited it into what it is. */
  readonly barred: readonly string[];
  /** The approvals of the round that hold. */
  readonly approved: readonly Approval[];
  readonly stepUp: StepUp | null;
  readonly now: number;
}

/** A stored decision, and whether its run has still to be told. */
export interface StoredDecision {
  readonly row: DecisionRow;
  readonly deliver: boolean;
}
