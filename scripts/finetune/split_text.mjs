// Splits a text into a part to train on and a part to measure perplexity on.

/** @typedef {{ train: string, heldOut: string }} Split */

/** The minimum length of a text, in characters. A shorter text leaves too little to measure perplexity on. */
export const SHORTEST_TEXT = 5_000;

/**
 * Holds out the last tenth of the text, or slightly more: the held-out part begins with the paragraph in which the last tenth begins. If
 * more than 15 % would then be held out, it begins with the word at this place instead.
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

/** Returns the first words of the held-out text, as a prompt for the model. @param {string} heldOut */
export function promptFrom(heldOut) {
  return heldOut.trim().split(/\s+/).slice(0, 6).join(' ').slice(0, 100);
}
