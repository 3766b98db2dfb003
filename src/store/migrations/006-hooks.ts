/** Who is told of what by web hook, what is still to be told, and which messages came in. */
export const hooks = `
create table hook_targets (
  id text primary key,
  tenant text not null,
  events text[] not null,
  published_at bigint not null,
  delivered_at bigint,
  disabled_at bigint
);
create table hook_deliveries (
  id bigint generated always as identity primary key,
  target text not null,
  tenant text not null,
  task text not null,
  seq bigint not null,
  kind text not null,
  since bigint not null,
  due_at bigint not null,
  attempts int not null default 0,
  dead_at bigint,
  error text
);
create index hook_deliveries_due on hook_deliveries (target, due_at) where dead_at is null;
create index hook_deliveries_old on hook_deliveries (since) where dead_at is null;
create index hook_deliveries_dead on hook_deliveries (target, dead_at) where dead_at is not null;
create table hook_receipts (
  integration text not null,
  id text not null,
  digest text not null,
  at bigint not null,
  primary key (integration, id)
);
create index hook_receipts_old on hook_receipts (at);
alter table tasks add column callback text;
`;
