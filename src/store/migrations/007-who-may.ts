/** How many must approve, in whose stead somebody decided, who has taken a question up, who stands in for whom, who is in a role, who is away. */
export const whoMay = `
alter table questions add column quorum int not null default 1;
create index questions_of_several on questions (tenant, task) where status = 'open' and quorum > 1;
alter table decisions add column on_behalf_of text;
create table taken_up (
  tenant text not null,
  task text not null,
  operation int not null,
  subject text not null,
  until bigint not null,
  primary key (tenant, task, operation)
);
create table delegations (
  tenant text not null,
  id text not null,
  by_subject text not null,
  to_subject text not null,
  role text,
  task text,
  operation int,
  starts_at bigint not null,
  ends_at bigint not null,
  why text not null,
  why_salt text not null,
  made_at bigint not null,
  revoked_at bigint,
  revoked_by text,
  primary key (tenant, id),
  check ((role is null) <> (task is null) and (task is null) = (operation is null))
);
create index delegations_to on delegations (tenant, to_subject, ends_at);
create table role_members (
  tenant text not null,
  role text not null,
  subject text not null,
  primary key (tenant, role, subject)
);
create table absences (
  tenant text not null,
  subject text not null,
  starts_at bigint not null,
  ends_at bigint not null,
  primary key (tenant, subject)
);
`;
