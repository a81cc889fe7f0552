// The training step of another build of webvera: what `npm run bench -- --compare ../before/dist` takes in turns with ours.
import { createStep } from './webvera_step.mjs';

/**
 * On the adapter of `navigator.gpu`.
 * @param {string} url of the build's node.js
 * @returns {Promise<import('../compare/compare.mjs').CreateStep>}
 */
export async function stepOfBuild(url) {
  /** @type {import('./problem.mjs').Library} */
  const library = await import(url);
  return (problem) => createStep(library, navigator.gpu, problem);
}
