/** Whether Temporal has a run of a task is known before that run tells of itself: it may wait for a worker for long. */
export const started = `
alter table tasks add column started_at bigint;
drop index tasks_unstarted;
create index tasks_unstarted on tasks (submitted_at) where run_id is null and started_at is null and closed_at is null;
`;
