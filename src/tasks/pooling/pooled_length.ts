import type { TextSizes } from '../../models/architecture';
import type { TextTokenizer } from '../../tokenizer/tokenizer';

interface PooledTexts {
  readonly text: Pick<TextSizes, 'maxLength'>;
  readonly tokenizer: Pick<TextTokenizer, 'model_max_length'> | undefined;
}

/**
 * Returns the largest number of tokens of a text that becomes one vector, as in sentence-transformers: the folder's `max_seq_length`, or
 * else the tokenizer's `model_max_length`, but at most the model's limit.
 */
export function pooledLength(maxSeqLength: number | undefined, { text, tokenizer }: PooledTexts): number {
  return Math.min(maxSeqLength ?? tokenizer?.model_max_length ?? text.maxLength, text.maxLength);
}
