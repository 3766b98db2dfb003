/** What `countersign/testing` gives: a policy and tools run against cases, without a server and in any test runner. */
export { fakeClock, type FakeClock } from './testing/clock.js';
export { fakeGate } from './testing/fake-gate.js';
export type { FakeEffect, FakeGate, FakeGateOptions, FakeRun } from './testing/fake-gate.js';
export { scripted, type Review } from './policy/play-people.js';
export type { PlayedAnswer as FakeAnswer, PlayedQuestion as FakeQuestion } from './policy/play-people.js';
export type { GivenTools } from './testing/given.js';
export { explainWith, judgeWith, testPolicy, type Judging, type PolicyTest } from './testing/policy.js';
export { isIdempotent, undoes, type Look } from './testing/tool-properties.js';
export type { ProposedCall } from './contract/case-file.js';
export type { Explanation } from './policy/explain.js';
export type { TestReport } from './policy/test-report.js';
export type { Verdict } from './domain/verdict.js';
