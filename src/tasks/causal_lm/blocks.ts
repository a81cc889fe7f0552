import type { Breather } from '../../core/async/breather';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { IGNORED } from '../texts/token_labels';
import type { TokenRow } from './token_row';

/** Joins tokens that arrive in parts, and splits them into rows of the same length. */
class BlockCutter {
  readonly #length: number;
  #ids: number[] = [];
  #labels: number[] = [];
  #documents: number[] = [];
  #document = 1;

  constructor(length: number) {
    this.#length = length;
  }

  /** Adds tokens, and yields a block whenever it has `length` tokens. Without `labels`, every token is learned. */
  *push(ids: ArrayLike<number>, labels: ArrayLike<number> = ids): Generator<TokenRow> {
    for (let i = 0; i < ids.length; i++) {
      this.#ids.push(ids[i] ?? 0);
      this.#labels.push(labels[i] ?? IGNORED);
      this.#documents.push(this.#document);
      if (this.#ids.length === this.#length) yield this.#take();
    }
  }

  /** Begins a new document. The attention mask numbers documents 1 and 2 in turn, because only neighbouring documents need to differ. */
  separate(): void {
    if (this.#documents.at(-1) === this.#document) this.#document = 3 - this.#document;
  }

  /** Yields the last, shorter block. Drops a block of only one token, because the model can't learn to predict a first token. */
  *finish(): Generator<TokenRow> {
    if (this.#ids.length >= 2) yield this.#take();
  }

  #take(): TokenRow {
    const row = {
      input_ids: Uint32Array.from(this.#ids),
      labels: Int32Array.from(this.#labels),
      attention_mask: Uint8Array.from(this.#documents),
    };
    this.#ids = [];
    this.#labels = [];
    this.#documents = [];
    return row;
  }
}

interface TextBlocksOptions {
  readonly tokenizer: TextTokenizer;
  /** The number of tokens per block. */
  readonly length: number;
  readonly breather: Breather;
}

/** Splits one long text into blocks of `length` tokens that don't overlap. Special tokens surround the whole text, not each block. */
export async function* textBlocks(
  parts: AsyncIterable<string>,
  { tokenizer, length, breather }: TextBlocksOptions,
): AsyncGenerator<TokenRow> {
  const text = tokenizer.stream();
  const blocks = new BlockCutter(length);
  yield* blocks.push(tokenizer.specialTokens.before);
  for await (const part of parts) {
    for (const ids of text.push(part)) {
      await breather.breathe();
      yield* blocks.push(ids);
    }
  }
  yield* blocks.push(text.finish());
  yield* blocks.push(tokenizer.specialTokens.after);
  yield* blocks.finish();
}

/**
 * Joins rows and splits them into blocks of `length` tokens. If the tokenizer has an EOS token, adds it after each row, unless the row ends
 * with it or is complete without it (`isClosed`). Each row is a separate document. Its first token isn't learned, because the model can't
 * predict it from an earlier token.
 */
export async function* packRows(
  rows: AsyncIterable<TokenRow>,
  length: number,
  eos: number | null,
): AsyncGenerator<TokenRow> {
  const blocks = new BlockCutter(length);
  for await (const row of rows) {
    const isToken = (_: number, t: number) => row.attention_mask[t] !== 0;
    const ids = row.input_ids.filter(isToken);
    const labels = row.labels.filter(isToken).fill(IGNORED, 0, 1);
    yield* blocks.push(ids, labels);
    if (eos !== null && ids.length > 0 && ids.at(-1) !== eos && row.isClosed !== true) yield* blocks.push([eos]);
    blocks.separate();
  }
  yield* blocks.finish();
}
