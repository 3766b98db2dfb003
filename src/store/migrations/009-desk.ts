/** A desk is read in its own order, one page at a time, however much lies on it. */
export const desk = `
create index questions_desk on questions
  (tenant, coalesce(answer_by, 9007199254740991), (-tier), asked_at, task, operation, generation, round) where status = 'open';
`;
