// What rows of all tables tell of an adapter.

/** @typedef {import('../../src/index').VeraModel} VeraModel */

/** The rank at which a LoRA of the same layers is counted, for scale. */
export const LORA_RANK = 8;

/**
 * Numbers that train, bytes of the adapter's file, and numbers that a LoRA of the same layers would train.
 * @param {VeraModel} vera
 */
export async function costOf(vera) {
  const { trainable } = vera.get_nb_trainable_parameters();
  const files = await vera.save_pretrained();
  const wrapped = new Set(vera.get_layer_status().map(({ name }) => name.replace(/^model\./, '')));
  const layers = vera.named_modules().filter(({ name }) => wrapped.has(name));
  const lora = layers.reduce(
    (sum, { in_features = 0, out_features = 0 }) => sum + LORA_RANK * (in_features + out_features),
    0,
  );
  return { trainable, bytes: files['adapter_model.safetensors'].size, lora };
}

/**
 * @template T
 * @param {readonly T[]} items
 * @param {number} seed
 * @returns {T[]} shuffled, in the same order for the same seed
 */
export function shuffled(items, seed) {
  const order = [...items];
  let state = (seed + 1) * 0x9e3779b9;
  for (let i = order.length - 1; i > 0; i--) {
    // An xorshift is random enough to pick examples.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const j = (state >>> 0) % (i + 1);
    const moved = /** @type {T} */ (order[i]);
    order[i] = /** @type {T} */ (order[j]);
    order[j] = moved;
  }
  return order;
}

/**
 * So many examples of each class.
 * @template {{ readonly label: string }} T
 * @param {readonly T[]} examples
 * @param {number} each
 * @param {number} seed
 * @returns {T[]}
 */
export function fewOfEach(examples, each, seed) {
  const labels = [...new Set(examples.map(({ label }) => label))].sort();
  const order = shuffled(examples, seed);
  return labels.flatMap((label) => order.filter((example) => example.label === label).slice(0, each));
}
