/**
 * The journal's one way in, faster: what is there already is met by its own unique index, whatever plan a connection made while the table was
 * small, and the common path takes the head's lock first instead of offering a head that exists.
 */
export const journalAppend = `
create or replace function journal_append(
  p_tenant text, p_task text, p_now bigint, p_run_id text, p_ids text[], p_types text[], p_bodies text[], p_texts text[], p_salts text[]
) returns table (head_seq bigint, head_hash text) language plpgsql as $$
declare
  v_seq bigint;
  v_prev text;
  v_run text;
  v_hash text;
  v_at bigint;
begin
  loop
    select h.seq, h.hash, h.run_id, greatest(h.at, p_now) into v_seq, v_prev, v_run, v_at
    from journal_heads h where h.tenant = p_tenant and h.task = p_task for update;
    exit when found;
    insert into journal_heads (tenant, task, seq, hash) values (p_tenant, p_task, 0, repeat('0', 64)) on conflict do nothing;
  end loop;
  -- Not read into p_now itself: a head that is not there yet would leave null in it, and date the chain's first entry 0.
  p_now := v_at;
  if p_run_id is distinct from v_run and p_run_id is not null then
    p_ids := array_prepend('run/' || p_run_id, p_ids);
    p_types := array_prepend('run-started', p_types);
    p_bodies := array_prepend('{"runId":"' || p_run_id || '"}', p_bodies);
    p_texts := array_prepend(null::text, p_texts);
    p_salts := array_prepend(null::text, p_salts);
  end if;
  for i in 1 .. coalesce(array_length(p_ids, 1), 0) loop
    v_hash := encode(sha256(convert_to(
      v_prev || E'\\n' || p_tenant || '/' || p_task || E'\\n' || v_seq + 1 || E'\\n' || p_ids[i] || E'\\n' || p_now || E'\\n'
      || p_types[i] || E'\\n' || p_bodies[i], 'UTF8')), 'hex');
    insert into journal (tenant, task, seq, event_id, type, at, body, texts, salt, prev, hash)
    values (p_tenant, p_task, v_seq + 1, p_ids[i], p_types[i], p_now, p_bodies[i], p_texts[i], p_salts[i], v_prev, v_hash)
    on conflict (tenant, task, event_id) do nothing;
    continue when not found;
    v_seq := v_seq + 1;
    v_prev := v_hash;
    if p_ids[i] = 'run/' || p_run_id then
      update journal_heads h set run_id = p_run_id where h.tenant = p_tenant and h.task = p_task;
      update tasks t set run_id = p_run_id where t.tenant = p_tenant and t.task = p_task;
    end if;
  end loop;
  update journal_heads h set seq = v_seq, hash = v_prev, at = p_now where h.tenant = p_tenant and h.task = p_task and h.seq <> v_seq;
  return query select v_seq, v_prev;
end
$$;
`;
