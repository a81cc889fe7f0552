// Splits a text into a part to train on and a part to measure perplexity on.

/** @typedef {{ train: string, heldOut: string }} Split */

/** Characters of the shortest text. Shorter ones leave too little to measure perplexity on. */
export const SHORTEST_TEXT = 5_000;

/**
 * Holds out at least the last tenth of the characters, from the beginning of the nearest paragraph before them.
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

/** The first words of the held-out text, as a prompt for the model. @param {string} heldOut */
export function promptFrom(heldOut) {
  return heldOut.trim().split(/\s+/).slice(0, 6).join(' ').slice(0, 100);
}
