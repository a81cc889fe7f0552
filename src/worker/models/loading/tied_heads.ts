import type { Warning } from '../../../core/errors/warning';
import { bytesOf } from '../../../core/input/bytes';
import { sha256, toHex } from '../../../core/input/digest';
import type { TensorHeader } from '../../../formats/tensors/stored_tensor';
import type { Value } from '../../../graph/value';
import type { WeightSpec } from '../../../models/architecture';
import { expectWeight, type WeightTensors } from './weight_tensors';

/**
 * The tied heads whose tensors the files hold, although a tied head needs none. A head is compared with its embedding while both arrive, so
 * that no file is read twice: the one that comes second isn't loaded if the two are equal.
 */
export class TiedHeads {
  readonly #tensors: WeightTensors;
  /** The name of the embedding that each head shares. Both are names of weights. */
  readonly #embeddings = new Map<string, string>();
  /** The storage format and the hash of the first slice, of each embedding or its head, whichever came first. */
  readonly #slices = new Map<string, string>();

  constructor(tensors: WeightTensors) {
    this.#tensors = tensors;
  }

  /** Returns the weight that the tensor of a tied head holds; undefined for other tensors. Throws `invalid_format` for a wrong shape. */
  weightOf(tensor: TensorHeader): WeightSpec | undefined {
    const { name } = tensor;
    const embedding = this.#tensors.sharedBy(name);
    if (embedding === undefined) return undefined;
    const spec = { name, shape: embedding.shape, kind: embedding.kind };
    expectWeight(spec, tensor);
    this.#embeddings.set(name, embedding.name);
    return spec;
  }

  /**
   * Whether a weight has the values of its embedding or head, which came before. Only the first slice of rows is compared, as stored on the
   * device: training changes all rows of a head, because each row's logit is part of every loss.
   */
  async isRepeated({ name }: WeightSpec, { dtype }: Value, slice: ArrayBufferView<ArrayBuffer>): Promise<boolean> {
    const embedding = this.#embeddings.get(name) ?? name;
    if (!this.#tensors.isShared(embedding)) return false;
    const own = `${dtype} ${toHex(await sha256(bytesOf(slice)))}`;
    const before = this.#slices.get(embedding);
    if (before === undefined) this.#slices.set(embedding, own);
    return own === before;
  }

  /** Moves heads to the place of embeddings that weren't loaded. Returns the names of the other heads, which have values of their own. */
  settle(weights: Map<string, Value>): string[] {
    return [...this.#embeddings].flatMap(([head, embedding]) => {
      const value = weights.get(head);
      if (value === undefined) return [];
      if (weights.has(embedding)) return [head];
      weights.delete(head);
      weights.set(embedding, value);
      return [];
    });
  }
}

/** The warning about a head that config.json ties to the embedding, although the files have other values for it. As in transformers 5. */
export function notTied(head: string): Warning {
  const message =
    `config.json ties ${head} to the embedding (tie_word_embeddings), but the weights have a ${head} of its own, ` +
    'with other values. The head has these values, and is not tied';
  return { code: 'head_not_tied', message };
}
