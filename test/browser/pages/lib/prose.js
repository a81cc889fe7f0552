// What the pages that use the bundled model share.

export const modelUrl = new URL('/models/prose-1.4M/', location.href);

/** Where it only matters that something trains. */
export const smallAdapter = { r: 4, target_modules: ['q_proj', 'down_proj'] };

/** The beginning of the text. */
export async function trainingText() {
  const text = await (await fetch('/text/moby-dick.txt')).text();
  return new Blob([text.slice(0, 40_000)], { type: 'text/plain' });
}

/**
 * Of one row of sixteen tokens, chosen without meaning.
 * @param {import('../../../../src/index').PreTrainedModel} model
 */
export async function logitsOf(model) {
  const { logits } = await model.forward({ input_ids: [Array.from({ length: 16 }, (_, t) => 5 + 31 * t)] });
  return [...logits.data];
}
