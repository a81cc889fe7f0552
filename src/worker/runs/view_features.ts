import { Breather } from '../../core/async/breather';
import { bytesOf, joinBytes } from '../../core/input/bytes';

/** The number of rows whose views are in memory at a time. A view is as large as its row. */
const PORTION = 32;

export interface ViewFeaturesInit {
  viewsOf(row: unknown): readonly unknown[];
  /** Resolves with the features of views, in the same order. */
  featuresOf(views: readonly unknown[]): Promise<Float32Array<ArrayBuffer>>;
  readonly signal: AbortSignal;
}

/** Computes the features of the rows' views, (N, V, size); undefined if the rows have no views. */
export async function viewFeatures(
  rows: readonly unknown[],
  { viewsOf, featuresOf, signal }: ViewFeaturesInit,
): Promise<Float32Array<ArrayBuffer> | undefined> {
  const breather = new Breather(signal);
  const portions: Float32Array[] = [];
  for (let first = 0; first < rows.length; first += PORTION) {
    const views: unknown[] = [];
    for (const row of rows.slice(first, first + PORTION)) {
      await breather.breathe();
      views.push(...viewsOf(row));
    }
    if (views.length > 0) portions.push(await featuresOf(views));
  }
  return portions.length === 0 ? undefined : new Float32Array(joinBytes(portions.map(bytesOf)).buffer);
}
