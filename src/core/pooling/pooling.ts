/**
 * How the hidden states of an input's tokens become one vector. In the order of the modes: the first token's state, the last token's state,
 * the largest value of each feature, the mean, the sum divided by the square root of the number of tokens, and the mean weighted by the
 * tokens' positions, counted from 1. Padding doesn't count.
 */
export type PoolingMode = 'first' | 'last' | 'max' | 'mean' | 'mean_sqrt_len_tokens' | 'weightedmean';

export const POOLING_MODES: readonly PoolingMode[] = [
  'first',
  'last',
  'max',
  'mean',
  'mean_sqrt_len_tokens',
  'weightedmean',
];

/**
 * The pooling that the caller requests for a classifier's head. 'auto': the pooling that the folder describes. 'none': the head of
 * transformers' classifier class, unchanged.
 */
export type PoolingChoice = 'auto' | 'none' | PoolingMode;

/** A layer of sentence-transformers after the pooling: act(x·Wᵀ + bias). Its fields are those of its config.json. */
export interface DenseLayer {
  /** The folder with its files, such as '2_Dense'. */
  readonly path: string;
  readonly in_features: number;
  readonly out_features: number;
  readonly bias: boolean;
  readonly activation: 'tanh' | 'identity';
}

/** The module name of the list of layers after the pooling. */
export const AFTER_POOLING = 'after_pooling';

/** Returns the module name of the layer with this index after the pooling. */
export function denseName(index: number): string {
  return `${AFTER_POOLING}.${index}`;
}

/** The largest width of a pooled vector, and of the results of layers after the pooling. */
export const WIDEST = 2 ** 16;

/** How a sequence's hidden states become one vector. */
export interface Pooling {
  /** One or more modes, whose vectors are concatenated. */
  readonly modes: readonly PoolingMode[];
  /** The layers that change the whole vector, in order, before it is normalised. Default: none. */
  readonly dense?: readonly DenseLayer[];
  /** Whether the whole vector is divided by its norm. */
  readonly normalize: boolean;
}

/** How a text becomes the vector that a classifier's head reads. */
export interface HeadPooling extends Pooling {
  /** A text that is put before each text and included in the pooling. Default: none. */
  readonly prompt?: string;
  /** Whether texts are converted to lower case before they are tokenised. Default: false. */
  readonly do_lower_case?: boolean;
  /** The largest number of tokens of a text. Default: as many as the tokenizer and the model allow. */
  readonly max_seq_length?: number;
}

/**
 * Returns the folder's pooling with the caller's mode instead of its modes. The folder's Dense layers are left out, because they belong to
 * the folder's modes.
 */
export function pooledBy(mode: PoolingMode, own: HeadPooling | undefined): HeadPooling {
  const { dense: _, ...pooling } = { normalize: false, ...own, modes: [mode] };
  return pooling;
}
