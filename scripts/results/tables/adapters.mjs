// Trains an adapter of each kind on one book, each at the best of its rates, and compares what they learn, forget, weigh and take.
import { readFileSync } from 'node:fs';
import { splitText } from '../../finetune/split_text.mjs';
import { inRepository } from '../../shared/paths.mjs';
import { bestOfRates } from '../best_rate.mjs';
import { dataOf } from '../data/fetch.mjs';
import { readWordNet } from '../data/wordnet.mjs';
import { spread } from '../report.mjs';
import { basePerplexities } from './base_perplexity.mjs';

/** @typedef {import('../report.mjs').Table} Table */
/** @typedef {import('../report.mjs').TableRun} TableRun */
/** @typedef {import('../../../src/index').PreTrainedModel} PreTrainedModel */
/** @typedef {import('../../../src/index').AdaptedModel} AdaptedModel */
/** @typedef {TableRun['library']} Library */
/** @typedef {import('../best_rate.mjs').Rates} Rates */
/**
 * @typedef {object} Kind
 * @property {string} name
 * @property {(library: Library) => import('../../../src/index').VeraConfig | import('../../../src/index').LoraConfig | import('../../../src/index').IA3Config} config
 * @property {Rates} rates
 */
/**
 * @typedef {object} Trial the runs of one kind at one rate
 * @property {Readonly<Record<string, readonly number[]>>} perplexity of each text, by run
 * @property {readonly string[]} KiB of the file in float32 and in float16
 * @property {number} seconds of the fastest run
 * @property {number} busy seconds of the processor's cores in the run that took the fewest
 */

const STEPS = 32;
const BATCHES = { per_device_train_batch_size: 4, max_length: 128 };
/** Characters of the end of the text to train on, of the held-out text, and of definitions. */
const [VALIDATION, TEST, OTHER] = [8_000, 12_000, 5_000];
/** The texts that have columns. */
const COLUMNS = /** @type {const} */ (['test', 'other']);
const DTYPES = /** @type {const} */ (['float32', 'float16']);

/** @type {Record<'vera' | 'lora' | 'ia3', Rates>} in rising order; the defaults are 1e-1, 3e-3 and 3e-2 */
const RATES = { vera: [3e-2, 6e-2, 1e-1, 2e-1], lora: [3e-3, 1e-2, 2e-2, 4e-2], ia3: [1e-2, 3e-2, 6e-2, 1e-1] };
const ALL = { target_modules: 'all-linear' };
const SMALL = { ...ALL, save_projection: false };

/** @type {readonly Kind[]} DVoRA's rank is that at which its file is as large as VeRA's of r 256. */
const KINDS = [
  { name: 'VeRA r 256', config: ({ VeraConfig }) => new VeraConfig({ ...SMALL, r: 256 }), rates: RATES.vera },
  {
    name: 'DVoRA r 48',
    config: ({ VeraConfig }) => new VeraConfig({ ...SMALL, r: 48, use_dora: true }),
    rates: RATES.vera,
  },
  { name: 'VeRA r 64', config: ({ VeraConfig }) => new VeraConfig({ ...SMALL, r: 64 }), rates: RATES.vera },
  { name: 'LoRA r 8', config: ({ LoraConfig }) => new LoraConfig({ ...ALL, r: 8 }), rates: RATES.lora },
  { name: 'DoRA r 8', config: ({ LoraConfig }) => new LoraConfig({ ...ALL, r: 8, use_dora: true }), rates: RATES.lora },
  { name: '(IA)³ on k, v and down', config: ({ IA3Config }) => new IA3Config(), rates: RATES.ia3 },
];

function lesson() {
  const { train, heldOut } = splitText(readFileSync(inRepository('demo/public/text/moby-dick.txt'), 'utf8'));
  const definitions = readWordNet(dataOf('wordnet', 'data.noun')).train.map(({ text }) => text);
  return {
    train: train.slice(0, -VALIDATION),
    texts: {
      validation: train.slice(-VALIDATION),
      test: heldOut.slice(0, TEST),
      other: definitions.join('\n').slice(0, OTHER),
    },
  };
}

/** @typedef {ReturnType<typeof lesson>} Lesson */

/** @type {Table} */
export const adapters = {
  keys: 1,
  columns: [
    'Adapter',
    '`learning_rate`',
    'KiB',
    'KiB in float16',
    'Perplexity',
    'Perplexity of another text',
    'Seconds',
    'Seconds of cores',
  ],
  about: (seeds) => [
    `Each kind of adapter on *Moby-Dick*, for the bundled prose-1.4M, after ${STEPS} steps of ${BATCHES.per_device_train_batch_size} × ${BATCHES.max_length} tokens, at its best of four rates: perplexity on the`,
    `first ${TEST} held-out characters, in ${seeds === 1 ? 'one run' : `the mean ± standard deviation of ${seeds} runs`}. The rate is the one with the lowest perplexity on the last ${VALIDATION} characters before`,
    'them, on which no run trains: of the two middle rates, and of the outer one beside the better of these. Adapters are on all linear layers',
    `unless the row says other ones. The other text is ${OTHER} characters of WordNet's definitions, which the base model has learnt and no run`,
    'teaches. KiB are those of the file as `save_pretrained` writes it. Seconds are those of the fastest of a row’s runs on a machine with',
    'other work; those of cores are the time for which the process kept cores busy, which is a software adapter’s work.',
  ],
  async make(run) {
    const folder = inRepository('demo/public/models/prose-1.4M');
    const { library, session, seeds, row } = run;
    const taught = lesson();
    const model = await library.AutoModelForCausalLM.from_pretrained(await library.openFolder(folder), { session });
    await row(['none'], async () => {
      const found = await basePerplexities(run, model, taught.texts, BATCHES);
      return ['–', '–', '–', ...COLUMNS.map((name) => found[name].toFixed(2)), '–', '–'];
    });
    for (const kind of KINDS) {
      await row([kind.name], async () => {
        const { rate, trials, best } = await bestOfRates(kind.rates, async (learning_rate) => {
          const trial = await measure(run, model, kind, learning_rate, taught);
          const { validation: scores = [] } = trial.perplexity;
          run.report(`${kind.name} at ${learning_rate}: ${spread(scores, 2)} on the validation`);
          return { ...trial, score: scores.reduce((sum, score) => sum + score, 0) / seeds };
        });
        const least = (/** @type {'seconds' | 'busy'} */ of) =>
          Math.min(...trials.map((trial) => trial[of])).toFixed(0);
        const perplexities = COLUMNS.map((name) => spread(best.perplexity[name] ?? [], 2));
        return [String(rate), ...best.KiB, ...perplexities, least('seconds'), least('busy')];
      });
    }
    await model.dispose();
  },
};

/**
 * @param {TableRun} run
 * @param {PreTrainedModel} model
 * @param {Kind} kind
 * @param {number} learning_rate
 * @param {Lesson} lesson
 * @returns {Promise<Trial>}
 */
async function measure({ library, seeds }, model, kind, learning_rate, { train, texts }) {
  /** @type {Record<string, number[]>} */
  const perplexity = {};
  let [seconds, busy] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  /** @type {string[]} */
  let KiB = [];
  for (let seed = 0; seed < seeds; seed++) {
    const adapted = await library.get_peft_model(model, kind.config(library));
    const args = { ...BATCHES, learning_rate, max_steps: STEPS, seed, save_strategy: /** @type {const} */ ('no') };
    const trainer = new library.Trainer({ model: adapted, args, train_dataset: new Blob([train]) });
    const [begun, used] = [performance.now(), process.cpuUsage()];
    await trainer.train();
    seconds = Math.min(seconds, (performance.now() - begun) / 1000);
    const { user, system } = process.cpuUsage(used);
    busy = Math.min(busy, (user + system) / 1e6);
    for (const [name, text] of Object.entries(texts)) {
      const eval_dataset = new Blob([text]);
      const judge = new library.Trainer({ model: adapted, args, train_dataset: eval_dataset, eval_dataset });
      const { perplexity: found = Number.NaN } = await judge.evaluate();
      perplexity[name] = [...(perplexity[name] ?? []), found];
    }
    KiB = await sizesOf(adapted);
    await adapted.unload();
  }
  return { perplexity, KiB, seconds, busy };
}

/** @param {AdaptedModel} adapted */
async function sizesOf(adapted) {
  /** @type {string[]} */
  const sizes = [];
  for (const save_dtype of DTYPES) {
    const { 'adapter_model.safetensors': file } = await adapted.save_pretrained({ save_dtype });
    sizes.push((file.size / 1024).toFixed(1));
  }
  return sizes;
}
