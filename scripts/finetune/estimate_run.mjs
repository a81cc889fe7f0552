// `finetune --estimate`: estimates the memory and download of a run through the public API. Runs in Node and in a page.
import { argumentsOf, configOf } from './finetune.mjs';

/** @typedef {import('../../src/index').Estimate} Estimate */
/** @typedef {Pick<typeof import('../../src/index'), 'Session' | 'estimate'>} Library */
/**
 * @typedef {object} Asked
 * @property {import('../../src/index').SessionOptions} options of the session
 * @property {import('../../src/index').ModelSource} source of the model
 * @property {import('./finetune.mjs').Access} [access]
 * @property {import('./finetune.mjs').Job} job
 * @property {number} [memory] bytes of GPU memory that the run may use
 */
/** @typedef {{ dtype?: import('../../src/index').ModelDtype } & Estimate['suggestions'][number]} Change options with their new values */
/** @typedef {{ estimate: Estimate, changes: readonly Change[] }} Estimated each of `changes`, made alone, improves the verdict */

/** Verdicts, the worst last. */
const VERDICTS = /** @type {const} */ (['fits', 'tight', 'does-not-fit']);

/**
 * Estimates a run. Reads only the headers of the model's files.
 * @param {Library} library
 * @param {Asked} asked
 * @returns {Promise<Estimated>}
 */
export async function estimateRun({ Session, estimate }, { options, source, access, job, memory }) {
  const session = await Session.open(options);
  const { gguf_file, dtype } = job;
  const plan = {
    session,
    ...access,
    peft_config: configOf(job),
    args: argumentsOf(job),
    ...(gguf_file !== undefined && { gguf_file }),
    ...(memory !== undefined && { memory }),
  };
  try {
    const own = await estimate(source, { ...plan, dtype });
    /** @type {Change[]} */
    const changes = [...own.suggestions];
    for (const smaller of own.verdict === 'fits' ? [] : smallerThan(dtype)) {
      const found = await estimate(source, { ...plan, dtype: smaller });
      const isBetter = VERDICTS.indexOf(found.verdict) < VERDICTS.indexOf(own.verdict);
      if (isBetter) changes.push({ dtype: smaller });
      else if (changes.length === 0)
        changes.push(...found.suggestions.map((change) => ({ dtype: smaller, ...change })));
      if (changes.length > own.suggestions.length) break;
    }
    return { estimate: own, changes };
  } finally {
    await session.close();
  }
}

/**
 * Returns the packed storage formats of weights that are smaller than `dtype`, the most precise first.
 * @param {import('../../src/index').ModelDtype} dtype
 * @returns {readonly ('q8' | 'q4')[]}
 */
function smallerThan(dtype) {
  if (dtype === 'q4') return [];
  return dtype === 'q8' ? ['q4'] : ['q8', 'q4'];
}
