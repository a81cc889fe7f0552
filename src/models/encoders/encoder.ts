import type { Graph } from '../../graph/graph';
import type { Value } from '../../graph/value';
import { ACTIVATIONS, type ActivationName } from '../activations';
import type { Inputs } from '../architecture';
import { layerNormOf } from '../layer_norm';
import type { Layers } from '../layers';

/** The names of a layer's parts, behind that of the layer. */
export interface EncoderLayerNames {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly attended: string;
  readonly attentionNorm: string;
  readonly up: string;
  readonly down: string;
  readonly outputNorm: string;
}

interface EncoderLayers {
  /** Of the layer of that index. */
  block(layer: number): string;
  readonly names: EncoderLayerNames;
  readonly count: number;
  readonly C: number;
  readonly H: number;
  readonly eps: number;
  readonly act: ActivationName;
}

/** The layers of BERT and of those after it: tokens see each other in both directions; LayerNorm after each sum. */
export function encoderLayers(
  g: Graph,
  layers: Layers,
  inputs: Inputs,
  { block, names, count, C, H, eps, act }: EncoderLayers,
  embedded: Value,
): Value {
  let x = embedded;
  for (let layer = 0; layer < count; layer++) {
    inputs.block?.();
    const at = (name: string): string => `${block(layer)}.${name}`;
    const [q, k, v] = layers.linears([at(names.query), at(names.key), at(names.value)], x);
    const attended = inputs.attend(layer, q, k, v, { H, Hkv: H, D: C / H, causal: false });
    x = layerNormOf(
      g,
      layers,
      at(names.attentionNorm),
      layers.linear(at(names.attended), attended, { residual: x }),
      eps,
    );
    const wide = ACTIVATIONS[act].apply(g, layers.linear(at(names.up), x));
    const made = layers.linear(at(names.down), wide, { residual: x });
    x = layerNormOf(g, layers, at(names.outputNorm), made, eps);
  }
  inputs.block?.();
  return x;
}
