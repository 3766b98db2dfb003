/** What the gate found out when a call was proposed, what its agent asked, and whether its result was what the tool declares. */
export const readings = `
alter table ledger
  add column question text,
  add column detected text,
  add column unexpected_shape boolean not null default false;
`;
