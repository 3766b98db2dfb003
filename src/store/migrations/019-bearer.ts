/** Fails the transaction of whoever asked for it, unless their token or session is good, and the policy the one they were looked up with. */
export const bearer = `
create function require_bearer(p_via text, p_id text, p_tenant text, p_policy text) returns void language plpgsql as $$
declare
  at constant numeric := extract(epoch from clock_timestamp()) * 1000;
begin
  if p_via = 'token' and not exists (select 1 from tokens where id = p_id and revoked_at is null and expires_at > at)
    or p_via = 'session' and not exists (select 1 from sessions where id = p_id and revoked_at is null and expires_at > at) then
    raise exception 'the token or session is over' using errcode = 'CS002';
  end if;
  if p_policy <> (select hash from active_policies where tenant = p_tenant) then
    raise exception 'another policy is in force' using errcode = 'CS003';
  end if;
end $$;
`;
