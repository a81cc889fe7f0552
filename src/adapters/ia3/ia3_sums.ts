import { WebVeraError } from '../../core/errors/error';
import { sameShape } from '../../core/numbers/shape';
import type { Tensor } from '../../core/types/tensor';
import type { ModuleSize, SumPart, WeightedSum } from '../adapter';
import { expectLoadableSum } from '../files/file_values';
import { unionOfTargets } from '../targets/union_of_targets';
import { IA3Config } from './config/ia3_config';
import { vectorName } from './ia3_layout';

type Ia3Part = SumPart<IA3Config>;

/**
 * Computes the adapter that PEFT's `add_weighted_adapter` makes from the adapters `parts`: for each module Σ weight · l in float32, added
 * in the given order. Throws `invalid_argument` if some parts name their modules by lists and others by regular expressions (with PEFT's
 * message), if one part scales a module's input and another its output, and for sums that are too large.
 */
export function sumOfIa3(parts: readonly Ia3Part[]): WeightedSum<IA3Config> {
  const [first] = parts;
  if (first === undefined) {
    throw new WebVeraError('invalid_argument', 'A weighted sum of adapters: expected at least one adapter, got none');
  }
  const config = new IA3Config({
    ...first.config,
    ...modulesOf(parts),
    // The caller rejects adapters that train modules of the model, so this field can only name modules that the model lacks.
    modules_to_save: null,
    inference_mode: false,
  });
  return { config, tensors: { parameters: sums(parts), frozen: new Map(), others: new Map() } };
}

type Modules = Pick<IA3Config, 'target_modules' | 'exclude_modules' | 'feedforward_modules'>;

/**
 * Combines the module lists of the parts as PEFT does. A configuration has only one `exclude_modules`, so if the parts have different ones,
 * the full names of the wrapped modules replace all targets and exclusions.
 */
function modulesOf(parts: readonly Ia3Part[]): Modules {
  const target_modules = unionOfTargets(parts.map(({ config }) => config.target_modules));
  const feedforward_modules = unionOfTargets(parts.map(({ config }) => config.feedforward_modules));
  if (target_modules === undefined || feedforward_modules === undefined) {
    const message = 'All adapter configs should have the same type for target and feedforward modules.';
    throw new WebVeraError('invalid_argument', message, {
      hint: 'Write the modules of all of them as lists of names.',
    });
  }
  const [exclusions = null, ...others] = parts.map(({ config }) => config.exclude_modules);
  if (others.every((other) => JSON.stringify(other) === JSON.stringify(exclusions))) {
    return { target_modules, exclude_modules: exclusions, feedforward_modules };
  }
  const sizes = new Map(parts.flatMap(({ modules }) => [...modules]));
  const shapes = new Map(parts.flatMap(({ tensors }) => [...tensors.parameters]));
  const scalesInput = ([name, { out_features }]: readonly [string, ModuleSize]): boolean =>
    !sameShape(shapes.get(vectorName(name))?.dims ?? [], [out_features, 1]);
  return {
    target_modules: [...sizes.keys()].sort(),
    exclude_modules: null,
    feedforward_modules: [...sizes]
      .filter(scalesInput)
      .map(([name]) => name)
      .sort(),
  };
}

function sums(parts: readonly Ia3Part[]): Map<string, Tensor> {
  const sums = new Map<string, Tensor>();
  for (const { weight, tensors } of parts) {
    for (const [name, { dims, data }] of tensors.parameters) {
      const { dims: first, data: sum } = sums.get(name) ?? { dims, data: new Float32Array(data.length) };
      if (!sameShape(first, dims)) throw otherSides(name);
      const factor = Math.fround(weight);
      sums.set(name, { dims, data: sum.map((value, at) => value + Math.fround(factor * (data[at] as number))) });
    }
  }
  for (const { data } of sums.values()) expectLoadableSum(data);
  return sums;
}

function otherSides(name: string): WebVeraError {
  return new WebVeraError('invalid_argument', `A weighted sum: expected vectors of one shape for ${name}, got others`, {
    hint: 'The adapters must agree on the modules of feedforward_modules.',
  });
}
