/** How often a run was told that a rung reached nobody: each time it is told again later. */
export const undeliveredSends = `
alter table questions add column undelivered_sends int not null default 0;
`;
