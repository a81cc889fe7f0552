import { WebVeraError } from '../core/errors/error';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { linears } from '../ops/products/linear';

/** A model's tensors. Names are the checkpoint's keys without `.weight` or `.bias`. */
export interface Tensors {
  /** The weight of a norm, an embedding or a linear layer. */
  weight(name: string): Value;
  /** The bias, undefined if the checkpoint has none. */
  bias(name: string): Value | undefined;
  /** A tensor that is neither a weight nor a bias, by its whole name, such as ViT's `cls_token`. */
  parameter(name: string): Value;
}

/** A linear layer in use. */
interface LinearUse {
  readonly name: string;
  /** Added to the result; has its shape. */
  readonly residual?: Value | undefined;
}

/** The layers that a network's modules use. */
export interface Layers extends Tensors {
  /** y = x·Wᵀ + bias + residual, with whatever adapters add. */
  linear(name: string, x: Value, options?: Omit<LinearUse, 'name'>): Value;
  /** The results of several linear layers of one input. They share work of their backward passes. */
  linears<const N extends readonly string[]>(names: N, x: Value): { readonly [K in keyof N]: Value };
  /** Applies linear layers to x; `linear` and `linears` call it. One result for each use. */
  apply(uses: readonly LinearUse[], x: Value): readonly Value[];
}

/** Layers over some tensors; `apply` applies all linear layers. */
export function layersOver({ weight, bias, parameter }: Tensors, apply: Layers['apply']): Layers {
  return {
    weight,
    bias,
    parameter,
    apply,
    linear: (name, x, options) => {
      const [y] = apply([{ name, ...options }], x);
      if (y === undefined) throw new WebVeraError('internal', `${name} gave no result`);
      return y;
    },
    linears: <const N extends readonly string[]>(names: N, x: Value) =>
      // One for each name.
      apply(
        names.map((name) => ({ name })),
        x,
      ) as { readonly [K in keyof N]: Value },
  };
}

/** Layers without adapters over some tensors. */
export function plainLayers(g: Graph, { weight, bias, parameter }: Tensors): Layers {
  return layersOver({ weight, bias, parameter }, (uses, x) => {
    const layers = uses.map(({ name, residual }) => ({ weight: weight(name), bias: bias(name), residual }));
    return linears(g, x, layers);
  });
}
