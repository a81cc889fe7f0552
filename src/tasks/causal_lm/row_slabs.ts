import { type TokenRow, weightPart } from './token_row';

/** The number of tokens in a slab, which is a set of arrays that many short rows share. */
const SLAB = 2 ** 16;
/** A row with more tokens than this isn't copied into a slab. */
const LONG = SLAB / 16;

/**
 * Stores many short rows in few buffers. An engine spends more time and memory on each buffer than on the bytes of a short row: a
 * million rows with separate buffers block a thread for seconds during garbage collection.
 */
export class RowSlabs {
  #input_ids = new Uint32Array();
  #labels = new Int32Array();
  #attention_mask = new Uint8Array();
  #used = 0;

  /** Copies a row into a slab and returns its views there. A long row is returned unchanged. */
  store(row: TokenRow): TokenRow {
    const { length } = row.input_ids;
    if (length > LONG) return row;
    if (this.#used + length > this.#input_ids.length) this.#begin();
    const start = this.#used;
    const end = start + length;
    this.#used = end;
    this.#input_ids.set(row.input_ids, start);
    this.#labels.set(row.labels, start);
    this.#attention_mask.set(row.attention_mask, start);
    return {
      input_ids: this.#input_ids.subarray(start, end),
      labels: this.#labels.subarray(start, end),
      attention_mask: this.#attention_mask.subarray(start, end),
      ...weightPart(row),
    };
  }

  #begin(): void {
    this.#input_ids = new Uint32Array(SLAB);
    this.#labels = new Int32Array(SLAB);
    this.#attention_mask = new Uint8Array(SLAB);
    this.#used = 0;
  }
}
