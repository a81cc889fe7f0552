import { WebVeraError } from '../../../core/errors/error';
import { formatShape, sameShape } from '../../../core/numbers/shape';
import type { DenseLayer } from '../../../core/pooling/pooling';
import type { Tensor } from '../../../core/types/tensor';
import {
  plainTensor,
  RowReader,
  reading,
  type StoredTensor,
  type TensorHeader,
} from '../../../formats/tensors/stored_tensor';
import { expectFloats } from '../../../formats/tensors/values';
import { type Architecture, fileNames, fileShape, type WeightSpec } from '../../../models/architecture';
import { denseModules } from '../../../models/dense_layers';
import type { LoadOptions } from '../../protocol';

/** The weight of a tied head, which some files contain, and the embedding that the head shares. */
interface TiedWeight {
  readonly head: WeightSpec;
  readonly embedding: WeightSpec;
}

/** Maps the tensors in a model's files to the model's weights, both for loading and for estimates. */
export class WeightTensors {
  readonly #model: Architecture;
  readonly #specs: ReadonlyMap<string, WeightSpec>;
  readonly #tied: ReadonlyMap<string, TiedWeight>;
  readonly #ignoresMismatch: boolean;

  constructor(model: Architecture, { ignore_mismatched_sizes = false }: Pick<LoadOptions, 'ignore_mismatched_sizes'>) {
    this.#model = model;
    this.#specs = new Map(model.weights.flatMap((spec) => fileNames(spec).map((name) => [name, spec])));
    const [source] = model.tied.values();
    const embedding = this.#specs.get(`${source}.weight`);
    this.#tied = new Map(
      embedding && model.head.weights.flatMap((head) => fileNames(head).map((name) => [name, { head, embedding }])),
    );
    this.#ignoresMismatch = ignore_mismatched_sizes;
  }

  /** Returns the weight that a tensor holds; undefined if the model doesn't use the tensor. Throws `invalid_format` for a wrong shape. */
  weightOf(tensor: TensorHeader): WeightSpec | undefined {
    const { shape } = tensor;
    const name = currentName(tensor.name);
    const spec = this.#specs.get(name) ?? this.#specs.get(`${this.#model.prefix}.${name}`);
    if (spec === undefined) return undefined;
    if (this.#ignoresMismatch && spec.initialStd !== undefined && !sameShape(fileShape(spec), shape)) return undefined;
    expectWeight(spec, tensor);
    return spec;
  }

  /** Returns the weights of a tied head and of its embedding, given the name of the head's tensor in a file; undefined for other names. */
  tiedWeight(name: string): TiedWeight | undefined {
    return this.#tied.get(name);
  }

  /** Whether a tied head shares the weight of this name. */
  isShared(name: string): boolean {
    return [...this.#tied.values()].some(({ embedding }) => embedding.name === name);
  }

  /**
   * Returns the weights that the files lack and that are initialised anew. `found` holds the names of the other weights. Throws
   * `invalid_format` if a missing weight can't be initialised.
   */
  newWeights(found: { has(name: string): boolean }): WeightSpec[] {
    const absent = this.#model.weights.filter(({ name }) => !found.has(name));
    const missing = absent.flatMap((spec) => (spec.initialStd === undefined ? [fileNames(spec)[0]] : []));
    if (missing.length === 0) return absent;
    throw new WebVeraError('invalid_format', `Expected tensor ${missing[0]} in the weights, but it isn't there`, {
      hint: 'Do config.json and the weights belong together, and was every file taken along?',
      detail: { missing },
    });
  }
}

/** Returns a tensor's name as transformers now writes it. Files converted from TensorFlow, such as BERT's, have older names for norms. */
function currentName(name: string): string {
  return name.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
}

/** Throws `invalid_format` for a tensor whose dtype can't be read or whose shape isn't the weight's. */
export function expectWeight(spec: WeightSpec, tensor: TensorHeader): void {
  expectFloats(tensor);
  const { shape } = tensor;
  const expected = fileShape(spec);
  if (sameShape(expected, shape)) return;
  const [name] = fileNames(spec);
  const message = `${name}: expected ${formatShape(expected)} by config.json, got ${formatShape(shape)}`;
  throw new WebVeraError('invalid_format', message, {
    hint: mismatchHint(spec),
    detail: { tensor: name, expected, actual: shape },
  });
}

function mismatchHint({ initialStd }: WeightSpec): string {
  if (initialStd === undefined) return 'Do config.json and the weights belong together?';
  return 'For other labels than it was trained for, ignore_mismatched_sizes: true makes the head new.';
}

/** Returns the weights of the dense layers that follow the folder's pooling, in the form of tensors in the model's files. */
export function denseTensors(tensors: ReadonlyMap<string, Tensor> = new Map()): readonly StoredTensor[] {
  return [...tensors].map(([name, { dims, data }]) => {
    const bytes = new Uint8Array(new Float32Array(data).buffer);
    return plainTensor({ name, dtype: 'F32', shape: dims }, new RowReader(dims, bytes.length, reading(bytes)));
  });
}

/** Returns the headers of the dense layers' tensors, which the layers' configurations determine. */
export function denseHeaders(dense: readonly DenseLayer[] = []): readonly TensorHeader[] {
  return denseModules(dense).weights.map(({ name, shape }) => ({ name, dtype: 'F32', shape: [...shape] }));
}
