import type { GatedDecoderConfig } from './decoder_fields';

/** In what the families differ. */
export interface GatedDecoderKind {
  /** What torch's classes begin with: 'Llama'. */
  readonly className: string;
  /** torch's class of the network without its head, where it isn't `className` and 'Model'. */
  readonly networkName?: string;
  /** What torch's class of the classifier begins with, where it isn't `className`. */
  readonly classifierName?: string;
  /** Whether the linear layers have biases: q, k and v, o, and those of the MLP. */
  readonly biases: { readonly qkv: boolean; readonly o: boolean; readonly mlp: boolean };
  /** Whether one layer gives q, k and v, and one gate and up. */
  readonly fused?: boolean;
  /** Whether each head of queries and keys has an RMSNorm of its own, over its D numbers. */
  readonly headNorms?: boolean;
  /** Whether what attention and MLP give is normed too, before it is added. */
  readonly outputNorms?: boolean;
  /** Added to the norms' weights: 1 where they are stored as their distance from one. Default: 0. */
  readonly normOffset?: 0 | 1;
  /** Whether embeddings are multiplied by √hidden_size, and torch's class of them then. */
  readonly scaledEmbedding?: boolean;
  readonly embeddingName?: string;
}

/** A decoder with everything filled in. */
export type GatedDecoder = GatedDecoderConfig & GatedDecoderKind;
