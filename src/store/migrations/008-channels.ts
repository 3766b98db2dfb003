/**
 * Channels take turns: a later one is due later, or not at all (no due time) once an earlier one has taken the notification. A message that
 * can be changed keeps its reference until it has told how its question ended.
 */
export const channels = `
alter table outbox drop constraint outbox_kind_check;
alter table outbox add constraint outbox_kind_check check (kind in ('asked', 'reminder', 'timed-out', 'notice', 'hand-over'));
alter table outbox
  alter column due_at drop not null,
  add column turn int not null default 0,
  add column reference text,
  add column amend_at bigint,
  add column amends int not null default 0;
drop index outbox_due;
create index outbox_due on outbox (channel, due_at) where due_at is not null and sent_at is null and failed_at is null;
create index outbox_amend on outbox (channel, amend_at) where amend_at is not null;
`;
