import type { ConstantSpec } from '../../architecture';
import type * as nn from '../../nn';
import type { GatedDecoderConfig } from './gated_config';

/** The differences between families. */
export interface GatedFamily {
  /** The beginning of torch's classes: 'Llama'. */
  readonly className: string;
  /** torch's class of the network without its head. Default: `className` and 'Model'. */
  readonly networkName?: string;
  /** The beginning of torch's class of the classifier. Default: `className`. */
  readonly classifierName?: string;
  /** Whether q, k and v, o, and the MLP's linear layers have biases. Default: false. */
  readonly biases?: { readonly qkv?: boolean; readonly o?: boolean; readonly mlp?: boolean };
  /** Added to the norms' weights: 1 if files store their distance from one. Default: 0. */
  readonly normOffset?: 0 | 1;
  /** A factor of the embeddings, and torch's class of them. Default: 1, 'Embedding'. */
  readonly embedding?: { readonly scale: number; readonly type?: string };
  /** The block of a layer: one of `gated_parts.ts`, or the family's own, made of parts from there. */
  block(decoder: GatedDecoder, layer: number): nn.Unnamed<nn.Unary>;
}

/** A decoder's configuration, its family, and its tables. */
export interface GatedDecoder extends GatedDecoderConfig, GatedFamily {
  /** The rotary tables of layers without and with a window. */
  readonly ropes: { readonly full: ConstantSpec; readonly sliding: ConstantSpec };
}
