import type { ConstantSpec } from '../../architecture';
import type * as nn from '../../nn';
import type { GatedDecoderConfig } from './gated_config';

/** The differences between the families of gated decoders. */
export interface GatedFamily {
  /** The prefix of transformers' class names, such as 'Llama'. */
  readonly className: string;
  /** The name of transformers' class for the network without its head. Default: `className` followed by 'Model'. */
  readonly networkName?: string;
  /** The prefix of the class name of the classifier. Default: `className`. */
  readonly classifierName?: string;
  /** Whether q, k and v, o, and the MLP's linear layers have biases. Default: false. */
  readonly biases?: { readonly qkv?: boolean; readonly o?: boolean; readonly mlp?: boolean };
  /** The number added to the norms' weights: 1 if files store the weights minus 1. Default: 0. */
  readonly normOffset?: 0 | 1;
  /** The factor by which embeddings are multiplied, and the name of their class. Default: 1, 'Embedding'. */
  readonly embedding?: { readonly scale: number; readonly type?: string };
  /** Creates the block of a layer: a block of `gated_parts.ts`, or a block that the family assembles from the parts in that file. */
  block(decoder: GatedDecoder, layer: number): nn.Unnamed<nn.Unary>;
}

/** A decoder's configuration, its family, and its tables. */
export interface GatedDecoder extends GatedDecoderConfig, GatedFamily {
  /** The rotary tables of layers without and with a window. */
  readonly ropes: { readonly full: ConstantSpec; readonly sliding: ConstantSpec };
}
