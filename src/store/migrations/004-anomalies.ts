/** One row for each class of anomalies that was met, with its last closing. Its id is a digest of the names beside it. */
export const anomalies = `
create table anomalies (
  id text primary key,
  tenant text not null,
  agent text not null,
  tool text not null,
  rule text not null,
  rule_digest text,
  situation text not null,
  owner text not null,
  state text not null default 'open' check (state in ('open', 'closed')),
  reopened boolean not null default false,
  count bigint not null default 1,
  first_seen_at bigint not null,
  last_seen_at bigint not null,
  last_task text not null,
  last_operation int not null,
  closing text,
  closed_as text check (closed_as in ('expected', 'fixed', 'incident')),
  closed_by text,
  closed_at bigint,
  learnt text,
  learnt_salt text,
  expires_at bigint,
  jws text
);
create index anomalies_listed on anomalies (tenant, first_seen_at desc, id);
`;
