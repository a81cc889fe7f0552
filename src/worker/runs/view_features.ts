import { Breather } from '../../core/async/breather';
import { bytesOf, joinBytes } from '../../core/input/bytes';

/** Rows whose views are held at a time: a view is as large as its row. */
const PORTION = 32;

export interface ViewFeaturesInit {
  viewsOf(row: unknown): readonly unknown[];
  /** The features of some views, in their order. */
  featuresOf(views: readonly unknown[]): Promise<Float32Array<ArrayBuffer>>;
  readonly signal: AbortSignal;
}

/** The features of the rows' views, (N, V, size); undefined if they have none. */
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
