/** Tables of the spine. Times are epoch milliseconds of the database's clock; JSON that is hashed or may hold NUL is kept as text. */
export const spine = `
create table policies (
  hash text primary key,
  version text not null,
  source text not null,
  stored_at bigint not null
);
create table active_policies (
  tenant text primary key,
  hash text not null references policies,
  author text not null,
  activated_at bigint not null
);
create table tools (
  name text primary key,
  version text not null,
  facts text not null,
  schema text not null,
  seen_at bigint not null
);
create table tasks (
  tenant text not null,
  task text not null,
  agent text not null,
  requester text not null,
  request text not null,
  request_digest text not null,
  ready_tool text,
  submitted_at bigint not null,
  run_id text,
  start_lease bigint not null default 0,
  state text not null default 'RUNNING',
  reason text,
  detail text,
  closed_at bigint,
  swept_at bigint not null default 0,
  cancel_why text,
  cancel_by text,
  cancel_at bigint,
  primary key (tenant, task)
);
create index tasks_unstarted on tasks (submitted_at) where run_id is null and closed_at is null;
create index tasks_open on tasks (tenant, agent) where closed_at is null;
create index tasks_swept on tasks (swept_at) where closed_at is null;
create index tasks_cancelling on tasks (start_lease) where cancel_at is not null and closed_at is null;
create index tasks_recent on tasks (tenant, submitted_at desc, task);

create table steps (
  tenant text not null,
  task text not null,
  step int not null,
  done boolean not null,
  operations int[] not null,
  primary key (tenant, task, step)
);
create table ledger (
  tenant text not null,
  task text not null,
  operation int not null,
  generation int not null,
  agent text not null,
  tool text not null,
  args text not null,
  readings text not null,
  agent_text text,
  proposed_at bigint not null,
  status text not null default 'open'
    check (status in ('open', 'claimed', 'done', 'failed', 'unknown', 'left', 'voided')),
  attempt int not null default 0,
  call_by bigint,
  claimed_at bigint,
  ended_at bigint,
  first_called_at bigint,
  queued_at bigint,
  tool_version text,
  decisions text[] not null default '{}',
  reserved text,
  result text,
  error_code text,
  rejected boolean not null default false,
  primary key (tenant, task, operation, generation)
);
create index ledger_tool on ledger (tenant, agent, tool, proposed_at desc);
create index ledger_claimed on ledger (call_by) where status = 'claimed';

create table questions (
  tenant text not null,
  task text not null,
  operation int not null,
  generation int not null,
  round int not null,
  status text not null check (status in ('permitted', 'open', 'closed')),
  kind text not null check (kind in ('approval', 'resolution', 'hand-over')),
  reason text,
  agent text not null,
  tool text not null,
  tool_version text not null,
  tier int not null,
  policy_hash text not null,
  verdict text not null,
  digest text not null,
  brief text not null,
  brief_digest text not null,
  fingerprint text,
  rung int not null,
  role text not null,
  roles text[] not null,
  rung_over boolean not null default false,
  undelivered boolean not null default false,
  undelivered_lease bigint not null default 0,
  answer_by bigint,
  extendable_until bigint,
  asked_at bigint not null,
  closed_at bigint,
  closed_as text,
  primary key (tenant, task, operation, generation, round)
);
create index questions_undelivered on questions (undelivered_lease) where status = 'open' and undelivered;
create index questions_open on questions (tenant, role, answer_by) where status = 'open';

create table decisions (
  tenant text not null,
  id text not null,
  task text not null,
  operation int not null,
  generation int not null,
  round int not null,
  verb text not null,
  subject text not null,
  issuer text not null,
  why text not null,
  why_salt text not null,
  message text not null,
  request_digest text not null,
  result text,
  jws text not null,
  at bigint not null,
  outcome text,
  outcome_code text,
  outcome_at bigint,
  delivered_at bigint,
  next_send_at bigint not null,
  sends int not null default 0,
  primary key (tenant, id)
);
create index decisions_question on decisions (tenant, task, operation);
create index decisions_unsettled on decisions (next_send_at) where outcome is null and delivered_at is null;

create table halts (
  id text primary key,
  scope text not null check (scope in ('task', 'agent', 'tenant', 'all')),
  tenant text not null,
  target text not null,
  why text not null,
  why_salt text not null,
  set_by text not null,
  set_role text not null,
  jws text not null,
  set_at bigint not null,
  lifted_at bigint,
  lifted_by text,
  lifted_role text,
  lift_jws text,
  fanned_out_at bigint,
  fan_lease bigint not null default 0
);
create index halts_scope on halts (tenant, scope, target);

create table counters (
  tenant text not null,
  key text not null,
  amount bigint not null,
  primary key (tenant, key)
);

create table journal_heads (
  tenant text not null,
  task text not null,
  seq bigint not null,
  hash text not null,
  at bigint not null default 0,
  run_id text,
  checkpointed_seq bigint not null default 0,
  primary key (tenant, task)
);
create index journal_heads_behind on journal_heads (tenant, task) where checkpointed_seq < seq;
create table journal (
  tenant text not null,
  task text not null,
  seq bigint not null,
  event_id text not null,
  type text not null,
  at bigint not null,
  body text not null,
  texts text,
  salt text,
  prev text not null,
  hash text not null,
  primary key (tenant, task, seq),
  unique (tenant, task, event_id)
);
create index journal_time on journal (tenant, at);

create table outbox (
  id bigint generated always as identity primary key,
  tenant text not null,
  task text not null,
  operation int not null,
  generation int not null,
  round int not null,
  rung int not null,
  kind text not null check (kind in ('asked', 'reminder', 'notice', 'hand-over')),
  channel text not null,
  role text not null,
  due_at bigint not null,
  attempts int not null default 0,
  sent_at bigint,
  failed_at bigint,
  error text
);
create index outbox_due on outbox (due_at) where sent_at is null and failed_at is null;
create index outbox_rung on outbox (tenant, task, operation, round, rung);

create table secrets (
  tenant text not null,
  ref text not null,
  sealed text not null,
  stored_at bigint not null,
  primary key (tenant, ref)
);
create table tokens (
  hash text primary key,
  id text not null unique,
  tenant text not null,
  kind text not null check (kind in ('personal', 'service')),
  subject text not null,
  issuer text not null,
  scopes text[] not null,
  created_at bigint not null,
  expires_at bigint not null,
  revoked_at bigint
);

-- Numbers, chains and stores events under the lock of the task's journal head; events already there are passed over.
-- A run id that was not seen before is an event of its own.
create function counter_reserve(p_tenant text, p_key text, p_amount bigint, p_limit bigint, p_approved boolean) returns void language plpgsql as $$
begin
  insert into counters as c (tenant, key, amount) select p_tenant, p_key, p_amount where p_approved or p_amount <= p_limit
  on conflict (tenant, key) do update set amount = c.amount + excluded.amount where p_approved or c.amount + excluded.amount <= p_limit;
  if not found then
    raise exception 'the counter % would pass its limit', p_key using errcode = 'CS001';
  end if;
end
$$;

create function journal_append(
  p_tenant text, p_task text, p_now bigint, p_run_id text, p_ids text[], p_types text[], p_bodies text[], p_texts text[], p_salts text[]
) returns table (head_seq bigint, head_hash text) language plpgsql as $$
declare
  v_seq bigint;
  v_prev text;
  v_run text;
  v_hash text;
begin
  insert into journal_heads (tenant, task, seq, hash) values (p_tenant, p_task, 0, repeat('0', 64)) on conflict do nothing;
  select h.seq, h.hash, h.run_id, greatest(h.at, p_now) into v_seq, v_prev, v_run, p_now
  from journal_heads h where h.tenant = p_tenant and h.task = p_task for update;
  if p_run_id is not null and p_run_id is distinct from v_run
     and not exists (select 1 from journal j where j.tenant = p_tenant and j.task = p_task and j.event_id = 'run/' || p_run_id) then
    p_ids := array_prepend('run/' || p_run_id, p_ids);
    p_types := array_prepend('run-started', p_types);
    p_bodies := array_prepend('{"runId":"' || p_run_id || '"}', p_bodies);
    p_texts := array_prepend(null::text, p_texts);
    p_salts := array_prepend(null::text, p_salts);
    update journal_heads h set run_id = p_run_id where h.tenant = p_tenant and h.task = p_task;
    update tasks t set run_id = p_run_id where t.tenant = p_tenant and t.task = p_task;
  end if;
  for i in 1 .. coalesce(array_length(p_ids, 1), 0) loop
    continue when exists (select 1 from journal j where j.tenant = p_tenant and j.task = p_task and j.event_id = p_ids[i]);
    v_seq := v_seq + 1;
    v_hash := encode(sha256(convert_to(
      v_prev || E'\\n' || p_tenant || '/' || p_task || E'\\n' || v_seq || E'\\n' || p_ids[i] || E'\\n' || p_now || E'\\n'
      || p_types[i] || E'\\n' || p_bodies[i], 'UTF8')), 'hex');
    insert into journal (tenant, task, seq, event_id, type, at, body, texts, salt, prev, hash)
    values (p_tenant, p_task, v_seq, p_ids[i], p_types[i], p_now, p_bodies[i], p_texts[i], p_salts[i], v_prev, v_hash);
    v_prev := v_hash;
  end loop;
  update journal_heads h set seq = v_seq, hash = v_prev, at = p_now where h.tenant = p_tenant and h.task = p_task and h.seq <> v_seq;
  return query select v_seq, v_prev;
end
$$;
`;
