import { TILE } from '../../ops/products/tiles';

/** Logits of one chunk stay below this, unless `WORTHWHILE` allows more, so that long batches with a large vocabulary fit. */
const CHUNK_BYTES = 16 * 2 ** 20;
/** Each chunk reads the head's weight twice, so chunks have at least these rows, or fewer if their logits would take more bytes. */
const WORTHWHILE = { rows: 128, bytes: 64 * 2 ** 20 };

/** Labelled rows per chunk of the loss. */
export function chunkRowsFor(rows: number, vocabSize: number): number {
  const fitting = (bytes: number): number => Math.floor(bytes / (4 * vocabSize));
  const worthwhile = Math.min(WORTHWHILE.rows, fitting(WORTHWHILE.bytes));
  const most = Math.max(16, worthwhile, fitting(CHUNK_BYTES));
  // Products take whole tiles of rows: a few more cost as much as a tile.
  return Math.min(rows, most < TILE ? most : Math.floor(most / TILE) * TILE);
}
