/** The Temporal namespace that holds the runs of this database's tasks: another one lacks them all, and would end what is open. */
export const namespaceKept = `
create table temporal_namespace (
  one boolean primary key default true check (one),
  id text not null,
  name text not null
);
`;
