import type { ModuleInfo } from '../core/types/model';
import type { WeightSpec } from './architecture';

/** A linear layer of a model: what it adds to the list of modules, and what the file must hold for it. */
export interface LinearSpec {
  readonly name: string;
  /** 'Conv1D' is GPT-2's, whose weight lies (in, out) in the file. */
  readonly type: 'Linear' | 'Conv1D';
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly bias: boolean;
}

export function linearModule({ name, type, inFeatures, outFeatures }: LinearSpec): ModuleInfo {
  return { name, type, in_features: inFeatures, out_features: outFeatures };
}

export function linearWeights({ name, type, inFeatures, outFeatures, bias }: LinearSpec): WeightSpec[] {
  const weight: WeightSpec = { name: `${name}.weight`, shape: [outFeatures, inFeatures], kind: 'matrix' };
  const weights = [type === 'Conv1D' ? { ...weight, transposed: true } : weight];
  return bias ? [...weights, { name: `${name}.bias`, shape: [outFeatures], kind: 'vector' }] : weights;
}
