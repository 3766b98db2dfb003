/** The shop's own tables and the goods, people and orders they begin with. */
export const SHOP_TABLES = `
  create schema if not exists shop;
  create table if not exists shop.customers (
    id text primary key,
    name text not null,
    email text not null,
    address text not null
  );
  create table if not exists shop.orders (
    id text primary key,
    customer text not null references shop.customers,
    item text not null,
    total_cents integer not null,
    refunded_cents integer not null default 0 check (refunded_cents between 0 and total_cents),
    status text not null,
    revision integer not null default 1,
    updated_at timestamptz not null default now(),
    answer_ms integer not null default 0 -- how long the bank and the warehouse take to answer about this order
  );
  create table if not exists shop.refunds (
    key text primary key,
    order_id text not null references shop.orders,
    amount_cents integer not null check (amount_cents > 0)
  );
  create table if not exists shop.vouchers (
    key text primary key,
    customer text not null references shop.customers,
    amount_cents integer not null check (amount_cents > 0),
    revoked boolean not null default false
  );
  create table if not exists shop.replies (
    key text primary key,
    order_id text not null references shop.orders,
    recipient text not null,
    body text not null,
    state text not null
  );
  -- a queued reply leaves at this time, unless it was recalled before
  alter table shop.replies add column if not exists leaves_at timestamptz;
  create table if not exists shop.effects (
    key text primary key,
    tool text not null,
    calls integer not null default 0, -- how often the shop was asked under this key
    effects integer not null default 0 -- how often it then did something
  );
  insert into shop.customers values
    ('c-ada', 'Ada Brandt', 'ada@example.com', '4 Mill Lane, York'),
    ('c-ben', 'Ben Osei', 'ben@example.com', '12 Quay Street, Cork'),
    ('c-cho', 'Cho Lindqvist', 'cho@example.com', '88 Harbour Road, Malmö'),
    ('c-dia', 'Dia Marsh', 'dia@example.com', '3 Canal Row, Ghent')
    on conflict do nothing;
  insert into shop.orders (id, customer, item, total_cents, status, answer_ms) values
    ('1001', 'c-ada', 'tea kettle', 6400, 'shipped', 0),
    ('1182', 'c-ben', 'espresso grinder', 24000, 'delivered', 0),
    ('1190', 'c-cho', 'two oak chairs', 30000, 'delivered', 0),
    ('1204', 'c-dia', 'wool rug', 9500, 'delivered', 0),
    ('1211', 'c-ada', 'floor lamp', 18000, 'delivered', 0),
    ('1215', 'c-ben', 'office fit-out', 900000, 'delivered', 0),
    ('1230', 'c-cho', 'desk clock', 6000, 'delivered', 0),
    ('1242', 'c-dia', 'road bicycle', 72000, 'delivered', 60000),
    ('1243', 'c-ada', 'garden bench', 21000, 'packed', 60000),
    ('1250', 'c-ben', 'record player', 15500, 'delivered', 0),
    ('1261', 'c-cho', 'bookshelf', 34000, 'delivered', 0),
    ('1262', 'c-dia', 'coat stand', 8900, 'delivered', 0)
    on conflict do nothing;
`;
