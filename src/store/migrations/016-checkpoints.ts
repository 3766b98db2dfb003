/** The last checkpoint that was written of each tenant: a folder that lacks it is not the one, or not whole. */
export const checkpoints = `
create table checkpoints (
  tenant text primary key,
  n bigint not null,
  digest text not null
);
`;
