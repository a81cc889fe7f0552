import type { Graph } from '../../graph/graph';
import { type Layers, plainLayers, type Tensors } from '../../models/layers';
import { baseTensors, type LoadedModel } from '../../models/loaded_model';
import { kindOf } from '../adapter';
import type { DropoutSource } from './branch_dropout';
import type { Overlay } from './overlay';
import type { RowInputs } from './row_inputs';
import type { TrainingLayers } from './training_layers';

/** Returns the base model's layers with an overlay applied. Without `source` there is no dropout. */
export function overlaidLayers(
  g: Graph,
  loaded: LoadedModel,
  { adapters, tensors, mergedModules }: Overlay,
  {
    source,
    training,
    rows,
  }: {
    readonly source?: DropoutSource | undefined;
    /** The layers of a run that trains one adapter alone, used in place of `AdapterKind.layers`. */
    readonly training?: Pick<TrainingLayers, 'over'> | undefined;
    readonly rows?: { readonly inputs: RowInputs; readonly T: number } | undefined;
  } = {},
): Layers {
  const base = plainLayers(g, withTensors(baseTensors(loaded), tensors));
  if (rows !== undefined) return rows.inputs.over(g, base, rows.T);
  if (training !== undefined) return training.over(g, base, source);
  return kindOf(adapters)?.layers(g, base, adapters, { mergedModules, source }) ?? base;
}

function withTensors(base: Tensors, tensors: Overlay['tensors']): Tensors {
  return {
    weight: (name) => tensors.get(`${name}.weight`) ?? base.weight(name),
    bias: (name) => tensors.get(`${name}.bias`) ?? base.bias(name),
    parameter: (name) => tensors.get(name) ?? base.parameter(name),
  };
}
