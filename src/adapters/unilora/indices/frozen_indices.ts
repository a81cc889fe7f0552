import { plannedEntries, type SharedEntries } from '../../../ops/unilora/unilora_matrices';
import type { FrozenRules } from '../../adapter';
import type { ResolvedUnilora } from '../unilora_adapter';
import { indexCode } from './late_indices';

/** The time to draw an index, in units of the time to draw a uniform number. */
const COST = 4;

/**
 * The rules for the indices that assign a vector's values to the entries of the matrices. They are drawn from `proj_seed`, and each GPU
 * program has its own copy of them.
 */
export const frozenIndices: FrozenRules<ResolvedUnilora, SharedEntries> = {
  pool: (_, onDraw) => ({
    async acquire({ resolved: { matrices, config } }) {
      const { entriesOf } = await indexCode();
      onDraw(COST * matrices.entries);
      return entriesOf(matrices, config);
    },
    release() {},
  }),
  planned: ({ matrices: { entries, length: size }, config: { theta_d_length: length } }) =>
    plannedEntries({ entries, length, size }),
  areSaved: () => false,
  portable: (config) => config,
};
