/**
 * Sessions of people, what is good for one use, and what the identity provider said of the person behind a personal token. Of every secret
 * only the SHA-256 is kept.
 */
export const signIn = `
create table sessions (
  hash text primary key,
  id text not null unique,
  tenant text not null,
  subject text not null,
  issuer text not null,
  claims jsonb,
  auth_time bigint,
  acr text,
  created_at bigint not null,
  expires_at bigint not null,
  seen_at bigint not null,
  revoked_at bigint
);
create index sessions_listed on sessions (tenant, subject, created_at desc);
create table one_time (
  hash text primary key,
  kind text not null check (kind in ('link', 'code')),
  tenant text not null,
  body jsonb not null,
  expires_at bigint not null,
  used_at bigint
);
create index one_time_over on one_time (expires_at);
alter table tokens add column claims jsonb, add column auth_time bigint, add column acr text;
create index tokens_of on tokens (tenant, subject);
`;
