import { CountersignError } from '../domain/errors.js';
import { sqlState, type Database } from './database.js';
import type { Bearer } from './tokens.js';

/**
 * The database for what somebody asks. Its transactions are stored only while their token or session is good, and under the policy that they
 * were looked up with (null = whichever). The statement that sees to it stands last, behind the journal's and in the packet of the commit: it
 * costs no round trip, and whatever ended them and is in the same chain either comes behind or is seen. With `first` it stands in front of all
 * others, too: nothing is read for somebody who is only remembered. Throws `unauthenticated`, `conflict`.
 */
export function whileGood(
  database: Database,
  { via, tokenId, tenant, policyHash }: Pick<Bearer, 'via' | 'tokenId' | 'tenant' | 'policyHash'>,
  options: { readonly first?: boolean } = {},
): Database {
  return {
    ...database,
    async transaction(work) {
      try {
        return await database.transaction(async (tx) => {
          let required = false;
          const see = () =>
            tx.send('select require_bearer($1, $2, $3, $4)', [via, tokenId, tenant, policyHash]);
          const require = () => {
            if (!required) see();
            required = true;
          };
          if (options.first === true) see();
          const last = <T>(statement: Promise<T>) => (require(), tx.last(statement));
          const result = await work({ ...tx, last });
          require();
          return result;
        });
      } catch (error) {
        throw refusals[sqlState(error)]?.() ?? error;
      }
    },
  };
}

const refusals: Readonly<Record<string, () => CountersignError>> = {
  CS002: () =>
    new CountersignError(
      'unauthenticated',
      'Your token or session ended before this was stored: nothing was done. Sign in again, or send another token.',
    ),
  CS003: () =>
    new CountersignError(
      'conflict',
      'Another policy came into force before this was stored: nothing was done. Send it again, to be judged by that one.',
    ),
};
