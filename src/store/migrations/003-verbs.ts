/** Questions about tasks that are taken over and about calls that can still be undone; and the taking back itself. */
export const verbs = `
alter table questions drop constraint questions_kind_check;
alter table questions add constraint questions_kind_check check (kind in ('approval', 'resolution', 'stop', 'confirmation', 'hand-over'));
alter table ledger drop constraint ledger_status_check;
alter table ledger add constraint ledger_status_check
  check (status in ('open', 'claimed', 'done', 'undone', 'failed', 'unknown', 'left', 'voided'));
alter table ledger add column safe_for int;
create unique index ledger_safe on ledger (tenant, task, safe_for) where safe_for is not null;
alter table tools add column output text;
create table undos (
  tenant text not null,
  task text not null,
  operation int not null,
  generation int not null,
  status text not null check (status in ('claimed', 'done', 'by-hand', 'left', 'failed', 'unknown')),
  attempt int not null,
  first_called_at bigint not null,
  call_by bigint not null,
  ended_at bigint,
  error_code text,
  decision text,
  primary key (tenant, task, operation, generation)
);
`;
