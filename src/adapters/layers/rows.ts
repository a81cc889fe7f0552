import { WebVeraError } from '../../core/errors/error';
import { kindOf } from '../adapter';
import type { RowAdapters } from './overlay';
import type { RowInputs } from './row_inputs';

/**
 * Returns the `RowInputs` of a batch of B rows; undefined if no row has an adapter. Throws `invalid_argument` if the rows of a batch
 * can't have different adapters of this kind.
 */
export function rowInputs(rows: RowAdapters | undefined, B: number): RowInputs | undefined {
  const adapters = rows?.adapters ?? [];
  const kind = kindOf(adapters);
  if (kind === undefined) return undefined;
  if (kind.rows !== undefined) return kind.rows(adapters, B);
  throw new WebVeraError(
    'invalid_argument',
    `adapter_names: adapters of type ${kind.Config.rules.peft_type} can't share a batch`,
    {
      hint: 'Run the rows of each adapter in a batch of their own.',
    },
  );
}
