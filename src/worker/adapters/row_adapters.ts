import type { Adapter } from '../../adapters/adapter';
import { tensorsOf } from '../../adapters/layers/overlay';
import { WebVeraError } from '../../core/errors/error';

/** PEFT's name for the base model without any adapter. */
export const BASE_NAME = '__base__';

interface RowContext {
  /** The number of rows of the batch. */
  readonly rows: number;
  readonly adapters: readonly Adapter[];
  /** Names of the merged adapters. */
  readonly merged: readonly string[];
  /** The head's modules. The head reads only some hidden states, so its rows don't correspond to those of the batch. */
  readonly head: readonly { readonly name: string }[];
}

/** Returns the adapter of each row, by the names that a caller gave; undefined for a row without an adapter. Throws PEFT's errors. */
export function rowAdapters(
  names: readonly string[],
  { rows, adapters, merged, head }: RowContext,
): (Adapter | undefined)[] {
  if (names.length !== rows) {
    throw refusal(
      'Length of `adapter_names` should be the same as the number of inputs, but got ' +
        `${names.length} and ${rows} respectively.`,
      `Give one name for each row, '${BASE_NAME}' for none.`,
    );
  }
  if (merged.length > 0) {
    throw refusal(
      'Cannot pass `adapter_names` when there are merged adapters, please call `unmerge_adapter` first.',
      'Merged weights are the same for all rows.',
    );
  }
  const known = new Map(adapters.map((adapter) => [adapter.name, adapter]));
  const unknown = [...new Set(names)].filter((name) => name !== BASE_NAME && !known.has(name)).sort();
  if (unknown.length > 0) {
    throw refusal(
      `Trying to infer with non-existing adapter(s): ${unknown.join(', ')}`,
      `The adapters are: ${[BASE_NAME, ...known.keys()].join(', ')}.`,
    );
  }
  const chosen = names.map((name) => known.get(name));
  for (const adapter of new Set(chosen)) if (adapter !== undefined) expectMixable(adapter, head);
  return chosen;
}

/** Throws for an adapter that can't share a batch with other adapters: all rows of a batch use the same head and whole modules. */
function expectMixable(adapter: Adapter, head: RowContext['head']): void {
  const hint = 'Run its rows in a batch of their own.';
  if (adapter.notMixed !== undefined) throw refusal(adapter.notMixed, hint);
  if (head.some(({ name }) => adapter.modules.has(name))) {
    throw refusal(`adapter_names: expected adapters that leave the head alone, got ${adapter.name}`, hint);
  }
  if (tensorsOf(adapter, 'module').size > 0) {
    throw refusal(`adapter_names: expected adapters that train no whole modules, got ${adapter.name}`, hint);
  }
}

function refusal(message: string, hint: string): WebVeraError {
  return new WebVeraError('invalid_argument', message, { hint });
}
