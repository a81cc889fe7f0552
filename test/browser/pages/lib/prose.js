// Shared by the pages that use the bundled model.

export const modelUrl = new URL('/models/prose-1.4M/', location.href);

/** A small adapter, for tests in which the amount of learning doesn't matter. */
export const smallAdapter = { r: 4, target_modules: ['q_proj', 'down_proj'] };

/** Loads the beginning of the training text. */
export async function trainingText() {
  const text = await (await fetch('/text/moby-dick.txt')).text();
  return new Blob([text.slice(0, 40_000)], { type: 'text/plain' });
}

/**
 * Returns the logits for one row of sixteen arbitrary tokens.
 * @param {import('../../../../src/index').PreTrainedModel} model
 */
export async function logitsOf(model) {
  const { logits } = await model.forward({ input_ids: [Array.from({ length: 16 }, (_, t) => 5 + 31 * t)] });
  return [...logits.data];
}
