/** Who reviews in the bench. */
export const REVIEWER = 'amira';
export const TENANT = 'bench';
export const AGENT = 'support';

/** A policy of ordinary size: rules to evaluate, a limit to count, a ladder of two rungs. */
export const POLICY = `
version: "bench.1"
owner: platform
agents:
  support: { owner: director, tools: [bench_pay], situations: [refund] }
roles:
  supervisor: { members: [amira, joon], backup: director }
  director: { members: [ruth, tomas] }
defaults: { route: supervisor }
rules:
  - { id: low-confidence, trigger: confidence, when: "readings.confidence < 0.72", level: approve, route: supervisor }
  - { id: large-money, trigger: boundary, when: "action.money.currency == 'USD' && action.money.minor >= 50", level: approve, route: supervisor }
  - { id: new-situation, trigger: anomaly, when: "!(task.situation in agent.situations)", level: approve, route: supervisor }
limits:
  - { id: daily, per: [agent, day], currency: USD, minor: 1000000000 }
`;
