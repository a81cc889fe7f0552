import { WebVeraError } from '../core/errors/error';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { linears } from '../ops/products/linear';

/** A model's tensors. Their names are those in the weight files, without `.weight` or `.bias`. */
export interface Tensors {
  /** The weight of a norm, an embedding or a linear layer. */
  weight(name: string): Value;
  /** The bias of a layer; undefined if the weight files have none. */
  bias(name: string): Value | undefined;
  /** A tensor that is neither a weight nor a bias, such as ViT's `cls_token`, by its full name. */
  parameter(name: string): Value;
}

/** One use of a linear layer. */
interface LinearUse {
  readonly name: string;
  /** A value that is added to the result, with the same shape. */
  readonly residual?: Value | undefined;
}

/** The layers that a network's modules use. */
export interface Layers extends Tensors {
  /** y = x·Wᵀ + bias + residual, with the changes of all adapters. */
  linear(name: string, x: Value, options?: Omit<LinearUse, 'name'>): Value;
  /** Returns the results of several linear layers with the same input, which share work in their backward passes. */
  linears<const N extends readonly string[]>(names: N, x: Value): { readonly [K in keyof N]: Value };
  /** Applies linear layers to x, and returns one result for each use. `linear` and `linears` call it. */
  apply(uses: readonly LinearUse[], x: Value): readonly Value[];
}

/** Creates layers that use the given tensors. `apply` computes all linear layers. */
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
      // One result for each name.
      apply(
        names.map((name) => ({ name })),
        x,
      ) as { readonly [K in keyof N]: Value },
  };
}

/** Creates layers that use the given tensors without adapters. */
export function plainLayers(g: Graph, { weight, bias, parameter }: Tensors): Layers {
  return layersOver({ weight, bias, parameter }, (uses, x) => {
    const layers = uses.map(({ name, residual }) => ({ weight: weight(name), bias: bias(name), residual }));
    return linears(g, x, layers);
  });
}
