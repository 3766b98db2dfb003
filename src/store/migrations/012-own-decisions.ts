/** A person's own decisions are read newest first. */
export const ownDecisionsIndex = `
create index decisions_own on decisions (tenant, subject, at desc, id desc);
`;
