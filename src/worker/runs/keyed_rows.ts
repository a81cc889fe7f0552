import { Breather } from '../../core/async/breather';
import { bytesOf, joinBytes } from '../../core/input/bytes';
import { sha256, toHex } from '../../core/input/digest';
import type { RowView } from '../../tasks/task/task_head';
import type { BaseModel } from '../models/base_model';

/** A row with the key of its features. With `view`, the features are those of a view (a slightly changed copy) of the row. */
export interface KeyedRow {
  readonly key: string;
  readonly row: unknown;
  readonly view?: RowView;
}

interface KeyInputs {
  readonly model: Pick<BaseModel, 'task'>;
  /** The digest, from `FeatureCache.stateOf`, of everything but the row on which features depend. */
  readonly state: string;
  readonly signal: AbortSignal;
}

/** Returns rows with the keys of their features. */
export async function keyedRows(
  rows: readonly unknown[],
  { model, state, signal }: KeyInputs,
): Promise<readonly KeyedRow[]> {
  const breather = new Breather(signal);
  const keyed: KeyedRow[] = [];
  for (const row of rows) {
    await breather.breathe();
    keyed.push({ key: `${state} ${await digestOf(model.task.columns(row))}`, row });
  }
  return keyed;
}

/** Returns all V views of each of the N rows, (N, V), with the keys of their features. */
export function keyedViews(rows: readonly KeyedRow[], views: readonly RowView[]): readonly KeyedRow[] {
  return rows.flatMap(({ key, row }) => views.map((view, index) => ({ key: `${key} ${index}`, row, view })));
}

/** Returns the SHA-256 of arrays and their lengths. */
export async function digestOf(arrays: readonly ArrayBufferView[]): Promise<string> {
  const lengths = Float64Array.from(arrays, ({ byteLength }) => byteLength);
  return toHex(await sha256(joinBytes([lengths, ...arrays].map((array) => bytesOf(array)))));
}
