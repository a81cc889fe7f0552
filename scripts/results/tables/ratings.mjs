// A fixed rule rates texts that the bundled model writes. A profile learns from the ratings. Then the rule rates the profile's new texts.
import { readFileSync } from 'node:fs';
import { inRepository } from '../../shared/paths.mjs';
import { spread } from '../report.mjs';

/** @typedef {import('../report.mjs').Table} Table */
/** @typedef {import('../report.mjs').TableRun} TableRun */
/** @typedef {import('../../../src/index').PreTrainedModel} Model */
/** @typedef {import('../../../src/index').Profile} Profile */

const RATED = 24;
const TAUGHT = [
  'My friend',
  'It was late, and he',
  'On the shore',
  '"No," said',
  '"You',
  'She was',
  '"Oh,',
  '"What',
].concat(['I', 'Near the river', 'She turned to', 'We sailed']);
/** Prompts for the texts that are rated after learning. The library's defaults for profiles were chosen with other prompts and seeds. */
const NEW = [
  'My sister',
  'It was early, and they',
  'In the harbour',
  '"Come," said',
  '"He',
  'They had',
  '"Well,',
  '"How',
].concat(['They', 'Behind the house', 'The captain', 'We walked']);
const NEW_EACH = 8;
const SAMPLED = { max_new_tokens: 16, do_sample: true, temperature: 0.7, top_p: 0.95 };
const FIRST_SEED = 20_000;
/** The first seed for the texts after learning. It is larger than the seeds of all texts to learn from. */
const NEW_SEED = 90_000;
const MOST_WORDS = 8;
const SEA = /\b(sea|seas|ship|ships|sail|sails|wave|waves|ocean|shore|boat|boats|island|coast|water|waters)\b/i;
const OTHER_TEXT = 4_000;
const LINEAR = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];
const PEFT_CONFIG = { r: 128, target_modules: [...LINEAR, 'lm_head'] };

/** @type {readonly { readonly name: string, readonly options: import('../../../src/index').LearnOptions, readonly as?: 'examples' }[]} */
const WAYS = [
  { name: 'ratings, as they are by default', options: {} },
  { name: 'the good texts alone, as examples', options: { args: { learning_rate: 2e-2 } }, as: 'examples' },
];

/** The rule: a text is good if its first sentence is short, or if it mentions the sea. */
export function isGood(/** @type {string} */ text) {
  const [sentence] = /^[^.!?]*[.!?]/.exec(text) ?? [];
  const isShort = sentence !== undefined && sentence.trim().split(/\s+/).length <= MOST_WORDS;
  return isShort || SEA.test(text);
}

/** @type {Table} */
export const ratings = {
  keys: 1,
  columns: ['Learnt', 'Steps', 'Good texts, percent', 'Perplexity of another text', 'Seconds'],
  about: (seeds) => [
    `The bundled prose-1.4M writes ${RATED} texts of ${SAMPLED.max_new_tokens} tokens, which a rule rates: a text is good if its first sentence has at most ${MOST_WORDS} words, or if it`,
    `mentions the sea. A profile (VeRA, r ${PEFT_CONFIG.r} on all linear layers and the output embedding) learns from these thumbs alone, and writes`,
    `${NEW.length * NEW_EACH} new texts, of other beginnings and seeds, which the rule rates again. The other text is the end of *Moby-Dick* (${OTHER_TEXT} characters). Mean ±`,
    `standard deviation of ${seeds} runs, which rate different texts.`,
  ],
  async make(run) {
    const { library, session } = run;
    const folder = await library.openFolder(inRepository('demo/public/models/prose-1.4M'));
    const model = await library.AutoModelForCausalLM.from_pretrained(folder, { session });
    await run.row(['nothing'], async () => {
      const profile = await library.Profile.open(model, 'base', { peft_config: PEFT_CONFIG });
      const found = await measured(run, model, profile);
      await profile.forget();
      return ['0', percent([found.share]), found.perplexity.toFixed(1), '–'];
    });
    for (const way of WAYS) await run.row([way.name], () => learnt(run, model, way));
    await model.dispose();
  },
};

/**
 * @param {TableRun} run
 * @param {Model} model
 * @param {typeof WAYS[number]} way
 */
async function learnt(run, model, { options, as }) {
  const { library, seeds } = run;
  /** @type {{ share: number, perplexity: number, steps: number, seconds: number }[]} */
  const all = [];
  for (let seed = 0; seed < seeds; seed++) {
    const profile = await library.Profile.open(model, `rated ${seed}`, { peft_config: PEFT_CONFIG });
    for (let round = 0; round < RATED / TAUGHT.length; round++) {
      for (const [index, prompt] of TAUGHT.entries()) {
        const text = profile.generate(prompt, { ...SAMPLED, seed: FIRST_SEED + 1000 * seed + 100 * round + index });
        const completion = await text;
        if (as === undefined) await profile.rate(text, isGood(completion) ? 1 : -1);
        else if (isGood(completion)) await profile.add({ prompt, completion });
      }
    }
    const begun = performance.now();
    const { global_step: steps } = await profile.learn(options);
    const seconds = (performance.now() - begun) / 1000;
    all.push({ ...(await measured(run, model, profile)), steps, seconds });
    await profile.forget();
  }
  return [
    String(all[0]?.steps),
    percent(all.map(({ share }) => share)),
    spread(
      all.map(({ perplexity }) => perplexity),
      1,
    ),
    Math.min(...all.map(({ seconds }) => seconds)).toFixed(0),
  ];
}

function percent(/** @type {readonly number[]} */ shares) {
  return spread(
    shares.map((share) => 100 * share),
    1,
  );
}

/**
 * Returns the share of good texts among new ones, and the perplexity of a text that isn't taught.
 * @param {TableRun} run
 * @param {Model} model
 * @param {Profile} profile
 */
async function measured({ library }, model, profile) {
  const text = readFileSync(inRepository('demo/public/text/moby-dick.txt'), 'utf8').slice(-OTHER_TEXT);
  const other = new Blob([text]);
  const vectors = await library.PeftModel.from_pretrained(model, await profile.export(), { adapter_name: 'judged' });
  let good = 0;
  for (let round = 0; round < NEW_EACH; round++) {
    const texts = await vectors.generate_batch(NEW, { ...SAMPLED, seed: NEW_SEED + 100 * round });
    good += texts.filter(isGood).length;
  }
  const args = { max_length: 128, per_device_train_batch_size: 8 };
  const trainer = new library.Trainer({ model: vectors, args, train_dataset: other, eval_dataset: other });
  const { perplexity = Number.NaN } = await trainer.evaluate();
  await vectors.unload();
  return { share: good / (NEW.length * NEW_EACH), perplexity };
}
