/**
 * Who is told of what by web hook, what is still to be told, and which messages came in. What is told is what the journal says: a trigger on
 * it, so that no entry comes past, in whatever transaction it is made.
 */
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

create function hook_enqueue() returns trigger language plpgsql as $$
declare
  v_kind text;
  v_remind_at bigint;
begin
  if not exists (select 1 from hook_targets) then
    return null;
  end if;
  v_kind := case new.type
    when 'asked' then 'asked'
    when 'hand-over-opened' then 'asked'
    when 'decision-stored' then 'decided'
    when 'timed-out' then 'timed-out'
    when 'call-executed' then 'executed'
    when 'call-failed' then 'failed'
    when 'call-unknown' then 'unknown'
    when 'call-undone' then 'undone'
    when 'call-late' then case new.body::json ->> 'status' when 'done' then 'executed' else 'failed' end
    when 'call-resolved' then case new.body::json ->> 'as' when 'happened' then 'executed' end
    when 'halt-set' then 'halted'
    when 'halt-lifted' then 'lifted'
    else 'closed'
  end;
  insert into hook_deliveries (target, tenant, task, seq, kind, since, due_at)
  select t.id, new.tenant, new.task, new.seq, v_kind, new.at, new.at from hook_targets t
  where (t.tenant = new.tenant or new.tenant = 'all-tenants')
    and (v_kind = any(t.events) or v_kind = 'closed' and t.id = (select callback from tasks where tenant = new.tenant and task = new.task));
  if new.type = 'asked' then
    v_remind_at := new.body::json ->> 'remindAt';
    insert into hook_deliveries (target, tenant, task, seq, kind, since, due_at)
    select t.id, new.tenant, new.task, new.seq, 'reminded', v_remind_at, v_remind_at from hook_targets t
    where t.tenant = new.tenant and 'reminded' = any(t.events) and v_remind_at is not null;
  end if;
  return null;
end
$$;
create trigger hook_enqueue after insert on journal for each row
  when (new.type in ('asked', 'hand-over-opened', 'decision-stored', 'timed-out', 'call-executed', 'call-failed', 'call-unknown', 'call-undone',
    'call-late', 'call-resolved', 'halt-set', 'halt-lifted', 'task-completed', 'task-failed'))
  execute function hook_enqueue();
`;
