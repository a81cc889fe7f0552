// Measures how fast a model generates text, through the library's public API only.
import { median } from '../../scripts/shared/median.mjs';
import { randomNumbers } from '../../scripts/shared/random.mjs';

/** @typedef {import('../index').DecodeReport} DecodeReport */
/**
 * @typedef {object} GenerationRates
 * @property {number} prompt_tokens
 * @property {number} new_tokens
 * @property {number} first_call_seconds until the first token of the first text, including the compilation of kernels
 * @property {number} first_token_seconds until the first token of a text: median of the later texts
 * @property {number} tokens_per_second after the first token of a text: median of the later texts
 */
/** @typedef {GenerationRates & { decode: DecodeReport }} GenerationMeasurement */

const PROMPT_TOKENS = 64;
const NEW_TOKENS = 128;
const ROUNDS = 3;

/**
 * @param {typeof import('../../src/index')} library
 * @param {object} run
 * @param {ReadonlyMap<string, Blob>} run.files
 * @param {number} run.vocab_size
 * @param {import('../../src/index').Session} run.session
 * @param {(done: number, total: number) => void} run.onStep
 * @returns {Promise<GenerationRates>}
 */
export async function measureGeneration({ AutoModelForCausalLM }, { files, vocab_size, session, onStep }) {
  const model = await AutoModelForCausalLM.from_pretrained({ files }, { session });
  const random = randomNumbers(3);
  const prompt = Array.from({ length: PROMPT_TOKENS }, () => Math.floor(random() * vocab_size));
  /** @type {{ first: number, rest: number }[]} */
  const rounds = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const start = performance.now();
    /** @type {number | undefined} */
    let first;
    let tokens = 0;
    for await (const _ of model.generate(prompt, { max_new_tokens: NEW_TOKENS, eos_token_id: null })) {
      first ??= performance.now();
      tokens += 1;
    }
    const end = performance.now();
    if (first === undefined || tokens !== NEW_TOKENS) throw new Error(`expected ${NEW_TOKENS} tokens, got ${tokens}`);
    rounds.push({ first: (first - start) / 1000, rest: (NEW_TOKENS - 1) / ((end - first) / 1000) });
    onStep(round + 1, ROUNDS + 1);
  }
  await model.dispose();
  const [warmUp, ...measured] = rounds;
  return {
    prompt_tokens: PROMPT_TOKENS,
    new_tokens: NEW_TOKENS,
    first_call_seconds: warmUp?.first ?? Number.NaN,
    first_token_seconds: median(measured.map(({ first }) => first)),
    tokens_per_second: median(measured.map(({ rest }) => rest)),
  };
}

/**
 * Adds a report of the time that each kernel takes for one token, halfway through the tokens that `measureGeneration` generates.
 * @param {typeof import('../index')} bench
 * @param {object} run
 * @param {ReadonlyMap<string, Blob>} run.files
 * @param {GenerationRates} run.rates
 * @param {GPU} run.gpu
 * @param {'f32' | 'f16'} run.arithmetic
 * @param {(done: number, total: number) => void} run.onStep
 * @returns {Promise<GenerationMeasurement>}
 */
export async function withDecode(bench, { files, rates, gpu, arithmetic, onStep }) {
  const decode = await bench.measureDecode(gpu, {
    files,
    arithmetic,
    position: PROMPT_TOKENS + NEW_TOKENS / 2,
    longest: PROMPT_TOKENS + NEW_TOKENS,
    tokenSeconds: 1 / rates.tokens_per_second,
    onProgress: onStep,
  });
  return { ...rates, decode };
}
