// Splits a text into what is trained on and what measures the outcome.

/** @typedef {{ train: string, heldOut: string }} Split */

/** Shorter texts leave too little to measure with. */
export const SHORTEST_TEXT = 5_000;

/**
 * Keeps at least the last tenth of the characters aside, from the nearest paragraph on that begins before them.
 * @param {string} text
 * @returns {Split}
 */
export function splitText(text) {
  const tenth = Math.floor(text.length * 0.9);
  const earliest = Math.floor(text.length * 0.85);
  const paragraph = text.lastIndexOf('\n\n', tenth - 2) + 2;
  const word = Math.max(text.lastIndexOf(' ', tenth - 1), text.lastIndexOf('\n', tenth - 1)) + 1;
  const cut = [paragraph, word].find((border) => border > earliest) ?? tenth;
  return { train: text.slice(0, cut), heldOut: text.slice(cut) };
}

/**
 * Some words for the model to go on from: those that the held-out text begins with.
 * @param {string} heldOut
 */
export function promptFrom(heldOut) {
  return heldOut.trim().split(/\s+/).slice(0, 6).join(' ').slice(0, 100);
}
