import { WebVeraError } from '../errors/error';
import type { Tensor } from '../types/tensor';
import type { Pooling } from './pooling';

/** A folder's settings for text embeddings, as in sentence-transformers. */
export interface SentenceSettings {
  readonly pooling: Pooling;
  /** Whether the tokens of `prompt` are included in the pooling. */
  readonly includesPrompt: boolean;
  /** A text that is put before each text. */
  readonly prompt: string;
  /** Whether texts are converted to lower case before they are tokenised. */
  readonly lowerCase: boolean;
  /** The largest number of tokens of a text. Undefined: as many as the tokenizer and the model allow. */
  readonly maxLength: number | undefined;
  /** Reads the weights of the layers after the pooling, keyed by tensor names of the model. Undefined if there are no such layers. */
  readonly tensors?: () => Promise<ReadonlyMap<string, Tensor>>;
  /**
   * The first unsupported module or setting of the folder, or the error of a layer after the pooling. If it is set, the folder's own
   * embeddings can't be computed.
   */
  readonly unsupported: string | WebVeraError | undefined;
}

/** sentence-transformers' defaults, for a folder without settings of its own. */
export const DEFAULT_SENTENCES: SentenceSettings = {
  pooling: { modes: ['mean'], normalize: false },
  includesPrompt: true,
  prompt: '',
  lowerCase: false,
  maxLength: undefined,
  unsupported: undefined,
};

/**
 * Returns the error for a folder whose embeddings can't be computed as in sentence-transformers. For an unsupported module, the hint names
 * the folder's pooling mode.
 */
export function unsupportedSentences({ unsupported, pooling }: SentenceSettings): WebVeraError {
  if (unsupported instanceof WebVeraError) return unsupported;
  const message = `modules.json: expected a Transformer, a Pooling and perhaps Dense and Normalize, got ${unsupported}`;
  return new WebVeraError('unsupported_model', message, {
    hint: `{ pooling: '${pooling.modes[0]}' } pools the hidden states alone, without the folder's other modules.`,
  });
}
