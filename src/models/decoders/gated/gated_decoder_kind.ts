import type { ConstantSpec } from '../../architecture';
import type * as nn from '../../nn';
import type { GatedDecoderConfig } from './gated_config';

/** In what the families differ. */
export interface GatedDecoderKind {
  /** What torch's classes begin with: 'Llama'. */
  readonly className: string;
  /** torch's class of the network without its head. Default: `className` and 'Model'. */
  readonly networkName?: string;
  /** What torch's class of the classifier begins with. Default: `className`. */
  readonly classifierName?: string;
  /** Which linear layers have biases: q, k and v, o, and those of the MLP. Default: none. */
  readonly biases?: { readonly qkv?: boolean; readonly o?: boolean; readonly mlp?: boolean };
  /** Added to the norms' weights: 1 where they are stored as their distance from one. Default: 0. */
  readonly normOffset?: 0 | 1;
  /** What embeddings are multiplied by, and torch's class of them. Default: 1, 'Embedding'. */
  readonly embedding?: { readonly scale: number; readonly type?: string };
  /** The block of a layer: its modules and what it computes, made of the parts in `gated_parts.ts` or of the family's own. */
  block(decoder: GatedDecoder, layer: number): nn.Unnamed<nn.Block>;
}

/** A decoder with everything filled in. */
export interface GatedDecoder extends GatedDecoderConfig, GatedDecoderKind {
  /** Rotary tables of layers without a window, and of those with one. */
  readonly ropes: { readonly full: ConstantSpec; readonly sliding: ConstantSpec };
}
