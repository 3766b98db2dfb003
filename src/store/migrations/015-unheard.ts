/** A decision that took effect is told again until a history has it: what did so far is taken as heard. */
export const unheard = `
update decisions set delivered_at = coalesce(outcome_at, at) where outcome is not null and delivered_at is null;
drop index decisions_unsettled;
create index decisions_unheard on decisions (next_send_at) where delivered_at is null and (outcome is null or outcome = 'applied');
`;
