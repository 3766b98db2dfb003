/** What a person made of a safe action is one still: the edit stands for the same operation, as another generation. */
export const editedSafeAction = `
drop index ledger_safe;
create unique index ledger_safe on ledger (tenant, task, safe_for, generation) where safe_for is not null;
`;
