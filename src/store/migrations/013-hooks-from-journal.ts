/**
 * What is told by web hook is what the journal says: a trigger on it, so that no entry comes past, in whatever transaction it is made. Where
 * several must answer, programs hear of it once the question is settled, so that nobody hears of one answer before their own: from the entry
 * that settled it, not from the one that stored it.
 */
export const hooksFromJournal = `
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
    when 'decision-stored' then case when not hook_is_of_several(new.tenant, new.task, new.body::json) then 'decided' end
    when 'decision-applied' then case new.body::json ->> 'settled' when 'true' then 'decided' end
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
-- An answer that its run has verified before it counts; an edit is none of them, and what moves a question tells of no answer.
create function hook_is_of_several(p_tenant text, p_task text, p_body json) returns boolean language sql stable as $$
  select p_body ->> 'verb' in ('approve', 'reject', 'respond', 'take-over') and exists (select 1 from questions q
    where q.tenant = p_tenant and q.task = p_task and q.operation = (p_body ->> 'operation')::int
      and q.generation = (p_body ->> 'generation')::int and q.round = (p_body ->> 'round')::int and q.quorum > 1)
$$;
create trigger hook_enqueue after insert on journal for each row
  when (new.type in ('asked', 'hand-over-opened', 'decision-stored', 'decision-applied', 'timed-out', 'call-executed', 'call-failed', 'call-unknown',
    'call-undone', 'call-late', 'call-resolved', 'halt-set', 'halt-lifted', 'task-completed', 'task-failed'))
  execute function hook_enqueue();
`;
