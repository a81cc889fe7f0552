import { TILE } from '../../ops/products/tiles';

/**
 * The largest size in bytes of the logits of one chunk, unless `WORTHWHILE` allows more. This bounds the memory of long batches with a
 * large vocabulary.
 */
const CHUNK_BYTES = 16 * 2 ** 20;
/**
 * Each chunk reads the head's whole weight twice. To make this worthwhile, a chunk has at least `rows` rows, or fewer if their logits would
 * take more than `bytes`.
 */
const WORTHWHILE = { rows: 128, bytes: 64 * 2 ** 20 };

/** Returns the number of labelled rows per chunk of the loss. */
export function chunkRowsFor(rows: number, vocabSize: number): number {
  const fitting = (bytes: number): number => Math.floor(bytes / (4 * vocabSize));
  const worthwhile = Math.min(WORTHWHILE.rows, fitting(WORTHWHILE.bytes));
  const most = Math.max(16, worthwhile, fitting(CHUNK_BYTES));
  // Matrix products compute whole tiles of rows: a few rows beyond the last whole tile would cost as much as another tile.
  return Math.min(rows, most < TILE ? most : Math.floor(most / TILE) * TILE);
}
