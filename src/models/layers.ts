import { WebVeraError } from '../core/errors/error';
import type { Graph } from '../graph/graph';
import type { Value } from '../graph/value';
import { linears } from '../ops/products/linear';

/** A model's tensors. Names are the checkpoint's keys without `.weight` or `.bias`. */
export interface Tensors {
  /** The weight itself: norms, embeddings, the head. */
  weight(name: string): Value;
  /** The bias, where the checkpoint has one. */
  bias(name: string): Value | undefined;
  /** What is neither of both, as ViT's `cls_token`: by its whole name. */
  parameter(name: string): Value;
}

/** A linear layer in use. */
interface LinearUse {
  readonly name: string;
  /** Added to the result, of which it has the shape. */
  readonly residual?: Value | undefined;
}

/** What a model is written over. */
export interface Layers extends Tensors {
  /** y = x·Wᵀ + bias + residual, with whatever adapters add. */
  linear(name: string, x: Value, options?: Omit<LinearUse, 'name'>): Value;
  /** The results of several linear layers with one input. They share what they can of their backward passes. */
  linears<const N extends readonly string[]>(names: N, x: Value): { readonly [K in keyof N]: Value };
  /** All linear layers go through here. One result for each use. */
  apply(uses: readonly LinearUse[], x: Value): readonly Value[];
}

/** Layers over some tensors, by the one function that applies linear layers. */
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

/** Layers without adapters, over some tensors. */
export function plainLayers(g: Graph, { weight, bias, parameter }: Tensors): Layers {
  return layersOver({ weight, bias, parameter }, (uses, x) => {
    const layers = uses.map(({ name, residual }) => ({ weight: weight(name), bias: bias(name), residual }));
    return linears(g, x, layers);
  });
}
