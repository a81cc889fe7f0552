// Measures the perplexity of a base model, and compares it with PyTorch's, to check that PyTorch has the same model and text.

/** @typedef {import('../report.mjs').TableRun} TableRun */

/** Two perplexities count as equal if their relative difference is smaller than this number. */
const SAME = 1e-4;

/**
 * @template {string} Name
 * @param {TableRun} run
 * @param {import('../../../src/index').PreTrainedModel} model
 * @param {Readonly<Record<Name, import('../../../src/index').Dataset>>} texts
 * @param {import('../../../src/index').TrainingArguments} args
 * @returns {Promise<Record<Name, number>>} of each text
 */
export async function basePerplexities({ library }, model, texts, args) {
  // A new adapter doesn't change the model's outputs, so this measures the base model.
  const vera = await library.get_peft_model(model, new library.VeraConfig({ r: 1, target_modules: ['q_proj'] }));
  const found = /** @type {Record<Name, number>} */ ({});
  for (const name of /** @type {Name[]} */ (Object.keys(texts))) {
    const eval_dataset = texts[name];
    const judge = new library.Trainer({ model: vera, args, train_dataset: eval_dataset, eval_dataset });
    const { perplexity = Number.NaN } = await judge.evaluate();
    found[name] = perplexity;
  }
  await vera.unload();
  return found;
}

/**
 * Throws unless two perplexities of a text by a base model are equal.
 * @param {string} name of the text
 * @param {number} there PyTorch's
 * @param {number} own webvera's
 */
export function expectSamePerplexity(name, there, own) {
  if (Math.abs(there - own) < SAME * own) return;
  throw new Error(`PyTorch has another model or text: perplexity ${there} (${name}), expected ${own}`);
}
