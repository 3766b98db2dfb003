import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testFolder } from '../support/folder.js';

/** The tools of the policy below but one. */
export const CLERK_TOOLS = 'test/support/clerk-tools.ts';

/** A small policy with a hostile name in it, and its cases, in a folder of their own. */
export function policyFolder(): { readonly policy: string; readonly cases: string } {
  const folder = testFolder();
  const write = (name: string, text: string) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  return {
    policy: write('policy.yaml', POLICY),
    cases: write('cases.yaml', CASES),
  };
}

const POLICY = `version: '7'
owner: "=HYPERLINK(\\"http://evil\\") <script>alert(1)</script>"
agents:
  clerk: { owner: boss, tools: [look, pay, wire] }
roles:
  desk: { members: [ada, bo], backup: boss }
  boss: { members: [cy] }
tools: { wire: { route: desk, ladder: quick } }
rules:
  - { id: unsure, trigger: confidence, when: readings.confidence < 0.72, level: approve, route: desk, ladder: quick }
  - { id: often, trigger: policy, when: history.executed >= 3, level: notify, route: boss }
  - { id: odd, trigger: anomaly, when: "action.args.note == '=1+1'", level: approve, route: boss }
  - { id: refunds, trigger: boundary, when: "-action.money.minor > 5000", level: approve, route: boss, ladder: quick }
ladders:
  quick: { ttl: 90m, remind: 50%, then: backup, fallback: hold }
always_ask: { money: { limits: { EUR: 2000 }, route: desk } }
limits: [{ id: agent-day-eur, per: [agent, day], currency: EUR, minor: 5000 }]
`;

const CASES = `cases:
  - name: a large payment
    agent: clerk
    tool: pay
    facts: { tier: 2, categories: [money] }
    impact: { money: { minor: 2500, currency: EUR } }
    readings: { confidence: 0.61 }
    history: { executed: 3 }
    counted: { agent-day-eur: 4000 }
    expect: { level: approve }
`;
