import { expect, it } from 'vitest';
import type { TaskId } from '../../src/domain/ids.js';
import { createMarks } from '../../src/gateway/marks.js';
import { openGate, TENANT } from './fixture.js';
import { anOpenQuestion } from './questions.js';

// Seen to fail: a failure that ended the process, as nobody waits for it; a batch kept after it failed.
it('marks that cannot be written are counted in the log and dropped, and the next are written', async () => {
  const gate = await openGate();
  const { task } = await anOpenQuestion(gate);
  let away = true;
  const reads: typeof gate.database.reads = (work) =>
    away ? Promise.reject(new Error('away')) : gate.database.reads(work);
  const marks = createMarks({ ...gate.database, reads }, gate.deps.log);
  const noted = async () =>
    (
      await gate.database.query('select started_at is not null as noted from tasks where task = $1', [task])
    )[0];

  marks.started({ tenant: TENANT, task });
  marks.started({ tenant: TENANT, task: 'other' as TaskId }); // a valid name
  await marks.flush();
  expect(gate.logged).toEqual([{ level: 'warn', event: 'marks-lost', fields: { decisions: 0, tasks: 2 } }]);
  away = false;
  await marks.flush();
  expect(await noted()).toEqual({ noted: false });
  marks.started({ tenant: TENANT, task });
  await marks.flush();
  expect(await noted()).toEqual({ noted: true });
  await gate.close();
});
