import { WebVeraError } from '../core/error';
import type { Graph } from '../graph/graph';
import type { Runner } from '../graph/runner';
import type { Value } from '../graph/value';
import type { Layers } from '../models/layers';
import { kindOf } from './adapter';
import type { RowAdapters } from './overlay';

/** What a batch needs whose rows have adapters of their own. */
export interface RowInputs {
  /** The pinned values that whoever made the inputs owns. */
  readonly values: readonly Value[];
  /** Queues which adapter each row has: an index, or one too many for none. Runs queued later see it. */
  write(runner: Runner, which: Uint32Array<ArrayBuffer>): void;
  /** The layers with each row's own adapter; rows have T tokens. */
  over(g: Graph, base: Layers, T: number): Layers;
}

/** For a batch of B rows; undefined where no row has an adapter. Throws `invalid_argument` for a kind that can't mix them. */
export function rowInputs(rows: RowAdapters | undefined, B: number): RowInputs | undefined {
  const adapters = rows?.adapters ?? [];
  const kind = kindOf(adapters);
  if (kind === undefined) return undefined;
  if (kind.rows !== undefined) return kind.rows(adapters, B);
  throw new WebVeraError('invalid_argument', `adapter_names: adapters of type ${kind.peft_type} can't share a batch`, {
    hint: 'Run the rows of each adapter in a batch of their own.',
  });
}
