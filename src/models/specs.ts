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

/** Makes the specs of a block's linear layers. */
export function linearsOf(block: string, bias: boolean, type: LinearSpec['type'] = 'Linear') {
  return (name: string, inFeatures: number, outFeatures: number): LinearSpec => ({
    name: `${block}.${name}`,
    type,
    inFeatures,
    outFeatures,
    bias,
  });
}

export function linearModule({ name, type, inFeatures, outFeatures }: LinearSpec): ModuleInfo {
  return { name, type, in_features: inFeatures, out_features: outFeatures };
}

/** An embedding of `rows` vectors of C features, as it stands in the list of modules. */
export function embeddingModule(
  name: string,
  rows: number,
  C: number,
  { padding = null, type = 'Embedding' }: EmbeddingModuleOptions = {},
): ModuleInfo {
  return { name, type, repr: `${type}(${rows}, ${C}${padding === null ? '' : `, padding_idx=${padding}`})` };
}

interface EmbeddingModuleOptions {
  /** The id whose row learns nothing. None by default. */
  readonly padding?: number | null;
  /** torch's class. */
  readonly type?: string | undefined;
}

export function linearWeights({ name, type, inFeatures, outFeatures, bias }: LinearSpec): WeightSpec[] {
  const weight = matrix(`${name}.weight`, outFeatures, inFeatures);
  const weights = [type === 'Conv1D' ? { ...weight, transposed: true } : weight];
  return bias ? [...weights, vector(`${name}.bias`, outFeatures)] : weights;
}

/** Weight and bias of a LayerNorm over C features. */
export function layerNormWeights(name: string, C: number): WeightSpec[] {
  return [vector(`${name}.weight`, C), vector(`${name}.bias`, C)];
}

export function matrix(name: string, rows: number, columns: number): WeightSpec {
  return { name, shape: [rows, columns], kind: 'matrix' };
}

export function vector(name: string, size: number): WeightSpec {
  return { name, shape: [size], kind: 'vector' };
}
