// The training step of another build of webvera, for `npm run bench -- --compare ../before/dist`.
import { createStep } from './webvera_step.mjs';

/**
 * Returns a function that creates the build's training step, on the GPU adapter of `navigator.gpu`.
 * @param {string} url of the build's node.js
 * @returns {Promise<import('./problem.mjs').CreateStep>}
 */
export async function stepOfBuild(url) {
  /** @type {import('./problem.mjs').Library} */
  const library = await import(url);
  return (problem) => createStep(library, navigator.gpu, problem);
}
