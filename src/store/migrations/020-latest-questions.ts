/** What was asked is read from the latest on, one page at a time, however long ago the first was. */
export const latestQuestions = `
create index questions_latest on questions (tenant, (-asked_at), task, operation, generation, round) where status <> 'permitted';
`;
