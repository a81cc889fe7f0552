import type { Warning } from '../../../core/errors/warning';
import { bytesOf } from '../../../core/input/bytes';
import { sha256, toHex } from '../../../core/input/digest';
import type { TensorHeader } from '../../../formats/tensors/stored_tensor';
import type { Value } from '../../../graph/value';
import type { WeightSpec } from '../../../models/architecture';
import { expectWeight, type WeightTensors } from './weight_tensors';

/**
 * The heads that config.json ties to an embedding, although the files contain a tensor for the head, too. A head and its embedding are
 * compared as they arrive, so that no file is read twice. If they are equal, the second one isn't loaded.
 */
export class TiedHeads {
  readonly #tensors: WeightTensors;
  /** The weight name of the shared embedding, by the weight name of the head. */
  readonly #embeddings = new Map<string, string>();
  /** For each embedding: the storage format and the hash of the first slice that arrived, which is the embedding's or its head's. */
  readonly #slices = new Map<string, string>();

  constructor(tensors: WeightTensors) {
    this.#tensors = tensors;
  }

  /** Returns the weight that the tensor of a tied head holds; undefined for other tensors. Throws `invalid_format` for a wrong shape. */
  weightOf(tensor: TensorHeader): WeightSpec | undefined {
    const tied = this.#tensors.tiedWeight(tensor.name);
    if (tied === undefined) return undefined;
    const { head, embedding } = tied;
    expectWeight(head, tensor);
    this.#embeddings.set(head.name, embedding.name);
    return head;
  }

  /**
   * Whether a weight is a head that equals its embedding, or an embedding that equals its head, and is the second to arrive. Compares only
   * the first slice of rows, as stored on the device. This is enough, because training changes all rows of a head: each row's logit is part
   * of every loss.
   */
  async isRepeated({ name }: WeightSpec, { dtype }: Value, slice: ArrayBufferView<ArrayBuffer>): Promise<boolean> {
    const embedding = this.#embeddings.get(name) ?? name;
    if (!this.#tensors.isShared(embedding)) return false;
    const own = `${dtype} ${toHex(await sha256(bytesOf(slice)))}`;
    const before = this.#slices.get(embedding);
    if (before === undefined) this.#slices.set(embedding, own);
    return own === before;
  }

  /** Uses a head as the embedding if the embedding wasn't loaded. Returns the names of the other heads, which have values of their own. */
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

/** The warning, as in transformers 5, about a head that config.json ties to the embedding, although the files have other values for it. */
export function notTied(head: string): Warning {
  const message =
    `config.json ties ${head} to the embedding (tie_word_embeddings), but the weights have a ${head} of its own, ` +
    'with other values. The head has these values, and is not tied';
  return { code: 'head_not_tied', message };
}
