import type { DecisionRequest, EscalationView, InboxItem, ResultView } from '../../src/contract/http.js';
import type { Submission } from '../../src/sdk/client.js';
import { shownIn, type Shown } from './shown.js';
import type { Running } from './running.js';
import { waitFor } from './wait.js';

type Said = Omit<DecisionRequest, 'digest' | 'version'>;

/** The tasks of an example on a running deployment, and the people who answer for them. */
export interface Played {
  submit(task: Submission): Promise<void>;
  /** Waits for a question about the task that this person may answer and that was not given out yet; `held` = on the owner's desk. */
  asked(person: string, task: string, held?: 'held'): Promise<EscalationView>;
  /** The question once its deadline is another one. */
  moved(person: string, view: EscalationView): Promise<EscalationView>;
  /** Decides what was looked at; true when it was applied at once. */
  decide(person: string, view: EscalationView, said: Said): Promise<boolean>;
  /** The code that a decision is refused with. */
  refused(person: string, view: EscalationView, said: Said): Promise<unknown>;
  /** Waits for the end: state, reason, and what became of each operation as it stands. */
  ended(
    task: string,
  ): Promise<{ readonly state: string; readonly outcomes: readonly string[] } & Pick<ResultView, 'reason'>>;
  /** Everything that was judged and decided, for the count of what was shown. */
  shown(): Promise<Shown>;
}

/** Another round, or another role, is another asking. */
const keyOf = ({ escalation, version, role }: InboxItem) => `${escalation} ${version} ${role}`;

/** Plays on a running deployment. */
export async function playOn(running: Running): Promise<Played> {
  const service = await running.service();
  const people = new Map<string, ReturnType<Running['as']>>();
  const given = new Set<string>();
  const as = (person: string) => {
    const known = people.get(person) ?? running.as(person);
    people.set(person, known);
    return known;
  };
  const decide: Played['decide'] = async (person, { escalation, digest, version }, said) => {
    const client = await as(person);
    return (await client.escalations.decide(escalation, { ...said, digest, version })).applied;
  };
  return {
    submit: async (task) => void (await service.tasks.submit(task)),
    async asked(person, task, held) {
      const client = await as(person);
      const item = await waitFor(async () => {
        const { escalations } = await client.escalations.list({ limit: 100 });
        return escalations.find(
          (each) =>
            each.task === task && (held === undefined || each.answerBy === null) && !given.has(keyOf(each)),
        );
      });
      given.add(keyOf(item));
      return client.escalations.get(item.escalation);
    },
    async moved(person, { escalation, answerBy }) {
      const client = await as(person);
      return waitFor(async () => {
        const later = await client.escalations.get(escalation);
        return later.answerBy === answerBy ? undefined : later;
      });
    },
    decide,
    refused: (person, view, said) =>
      decide(person, view, said).then(
        () => 'taken',
        (error: unknown) => (error as { code?: unknown }).code, // what the client throws has one
      ),
    async ended(task) {
      const result = await waitFor(async () => {
        const seen = await service.tasks.result(task, { waitSeconds: 20 });
        return seen.state === 'COMPLETED' || seen.state === 'FAILED' ? seen : undefined;
      });
      const newest = new Map(result.results.map((call) => [call.operation, call])); // generations come in order
      const outcomes = [...newest.values()].map(({ tool, outcome }) => `${tool} ${outcome}`);
      return { state: result.state, reason: result.reason, outcomes };
    },
    shown: () => shownIn(running.database),
  };
}
