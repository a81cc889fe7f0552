import { numel } from '../../../core/numbers/shape';
import { type SharedEntries, sharedEntries } from '../../../ops/unilora/unilora_matrices';
import type { UniLoraConfig } from '../config/unilora_config';
import type { MatricesLayout } from '../unilora_layout';
import { balancedIndices } from './balanced_indices';

/** Assigns the vector's values to the entries of the matrices. Like PEFT, it fills A and B of each module in turn, row by row. */
export function entriesOf(
  { modules, length: size, entries }: MatricesLayout,
  { theta_d_length: length, proj_seed }: Pick<UniLoraConfig, 'theta_d_length' | 'proj_seed'>,
): SharedEntries {
  const places = function* (): Generator<number> {
    for (const { A, B } of modules.values()) {
      for (const { shape, offset } of [A, B]) {
        const end = offset + numel(shape);
        for (let place = offset; place < end; place++) yield place;
      }
    }
  };
  return sharedEntries(balancedIndices(entries, length, proj_seed), places, { length, size });
}
