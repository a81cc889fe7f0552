// Trains adapters of each kind at their best learning rates: for the bundled model on a book, and for SmolLM2 on answers. Compares what the
// adapters learn, what the models forget, the sizes of the files, and the training times.
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
/** @typedef {import('../../../src/index').Dataset} Dataset */
/**
 * @typedef {object} Lesson a model, and the data on which adapters of each kind are trained
 * @property {string} model
 * @property {string} data the name of the data
 * @property {(library: Library, session: TableRun['session']) => Promise<PreTrainedModel>} load
 * @property {import('../../../src/index').TrainingArguments} args
 * @property {() => Taught} read
 */
/** @typedef {{ readonly train: Dataset, readonly texts: Readonly<Record<'validation' | 'test' | 'other', Dataset>> }} Taught */
/**
 * @typedef {object} Kind an adapter kind, with the learning rates to try
 * @property {string} name
 * @property {(library: Library) => import('../../../src/index').VeraConfig | import('../../../src/index').LoraConfig | import('../../../src/index').IA3Config | import('../../../src/index').UniLoraConfig} config
 * @property {Rates} rates
 */
/**
 * @typedef {object} Trial the runs of one adapter kind at one learning rate
 * @property {Readonly<Record<string, readonly number[]>>} perplexity of each text, by run
 * @property {readonly string[]} KiB of the file in float32 and in float16
 * @property {number} seconds of the fastest run
 * @property {number} busy CPU seconds, summed over the cores, of the run that used the fewest
 */

/** Lengths, in characters, of the measured texts: the end of the training text (validation), the held-out text (test), and definitions. */
const [VALIDATION, TEST, OTHER] = [8_000, 12_000, 5_000];
/** The number of answers in the validation set, and also in the test set. Both sets are at the end of the file. */
const HELD_OUT = 8;
const GGUF = 'SmolLM2-135M-Instruct.Q4_1.gguf';
/** The measured texts that have a column in the table. */
const COLUMNS = /** @type {const} */ (['test', 'other']);
const DTYPES = /** @type {const} */ (['float32', 'float16']);

/** @type {Record<'vera' | 'lora' | 'ia3' | 'unilora', Rates>} in rising order; the library's defaults are 1e-1, 3e-3, 3e-2 and 5e-2 */
const RATES = {
  vera: [3e-2, 6e-2, 1e-1, 2e-1],
  lora: [1e-3, 3e-3, 1e-2, 2e-2],
  ia3: [1e-2, 3e-2, 6e-2, 1e-1],
  unilora: [2e-2, 5e-2, 1e-1, 2e-1],
};
const ALL = { target_modules: 'all-linear' };
const SMALL = { ...ALL, save_projection: false };

/** @type {readonly Kind[]} DVoRA has the rank at which its file is as large as that of VeRA r 256. */
const KINDS = [
  { name: 'VeRA r 256', config: ({ VeraConfig }) => new VeraConfig({ ...SMALL, r: 256 }), rates: RATES.vera },
  {
    name: 'DVoRA r 48',
    config: ({ VeraConfig }) => new VeraConfig({ ...SMALL, r: 48, use_dora: true }),
    rates: RATES.vera,
  },
  { name: 'VeRA r 64', config: ({ VeraConfig }) => new VeraConfig({ ...SMALL, r: 64 }), rates: RATES.vera },
  {
    name: 'VeRA r 16 on q and v',
    config: ({ VeraConfig }) => new VeraConfig({ r: 16, target_modules: ['q_proj', 'v_proj'], save_projection: false }),
    rates: RATES.vera,
  },
  { name: 'LoRA r 8', config: ({ LoraConfig }) => new LoraConfig({ ...ALL, r: 8 }), rates: RATES.lora },
  { name: 'DoRA r 8', config: ({ LoraConfig }) => new LoraConfig({ ...ALL, r: 8, use_dora: true }), rates: RATES.lora },
  { name: '(IA)³ on k, v and down', config: ({ IA3Config }) => new IA3Config(), rates: RATES.ia3 },
  {
    name: 'UniLoRA r 4, 12,288 numbers',
    config: ({ UniLoraConfig }) => new UniLoraConfig({ ...ALL, theta_d_length: 12_288 }),
    rates: RATES.unilora,
  },
];

/** @returns {Blob} a text on which no adapter is trained */
function definitions() {
  const train = readWordNet(dataOf('wordnet', 'data.noun')).train.map(({ text }) => text);
  return new Blob([train.join('\n').slice(0, OTHER)]);
}

/** @type {readonly Lesson[]} */
const LESSONS = [
  {
    model: 'prose-1.4M',
    data: '*Moby-Dick*',
    load: async ({ AutoModelForCausalLM, openFolder }, session) =>
      AutoModelForCausalLM.from_pretrained(await openFolder(inRepository('demo/public/models/prose-1.4M')), {
        session,
      }),
    args: { per_device_train_batch_size: 4, max_length: 128, max_steps: 32 },
    read: () => {
      const { train, heldOut } = splitText(readFileSync(inRepository('demo/public/text/moby-dick.txt'), 'utf8'));
      const [validation, test] = [new Blob([train.slice(-VALIDATION)]), new Blob([heldOut.slice(0, TEST)])];
      return { train: new Blob([train.slice(0, -VALIDATION)]), texts: { validation, test, other: definitions() } };
    },
  },
  {
    model: 'SmolLM2-135M-Instruct',
    data: 'answers',
    load: async ({ AutoModelForCausalLM, openFolder }, session) =>
      AutoModelForCausalLM.from_pretrained(await openFolder(dataOf('SmolLM2-135M-Instruct', GGUF)), {
        session,
        gguf_file: GGUF,
      }),
    args: { per_device_train_batch_size: 2, max_length: 96, max_steps: 24 },
    read: () => {
      const lines = readFileSync(inRepository('scripts/results/texts/answers.jsonl'), 'utf8').trim().split('\n');
      const rows = lines.map((line) => JSON.parse(line));
      const [validation, test] = [rows.slice(-2 * HELD_OUT, -HELD_OUT), rows.slice(-HELD_OUT)];
      return { train: rows.slice(0, -2 * HELD_OUT), texts: { validation, test, other: definitions() } };
    },
  },
];

/** @type {Table} */
export const adapters = {
  keys: 3,
  columns: [
    'Model',
    'Training data',
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
    'Each kind of adapter at its best of four rates: the bundled prose-1.4M after 32 steps of 4 × 128 tokens of *Moby-Dick*, and',
    'SmolLM2-135M-Instruct, from its Q4_1 file, after 24 steps of two of [40 short answers in one',
    `style](../scripts/results/texts/answers.jsonl). Perplexity is that on the first ${TEST} held-out characters, or on the last ${HELD_OUT} answers, in`,
    `${seeds === 1 ? 'one run' : `the mean ± standard deviation of ${seeds} runs`}. The rate is the one with the lowest perplexity on the ${VALIDATION} characters or ${HELD_OUT} answers before them, on which no`,
    'run trains: of the two middle rates, and of the outer one beside the better of these. Adapters are on all linear layers unless the row',
    `says other ones. The other text is ${OTHER} characters of WordNet's definitions, which no run teaches. KiB are those of the file as`,
    '`save_pretrained` writes it. Seconds are those of the fastest of a row’s runs on a machine with other work; those of cores are the time',
    'for which the process kept cores busy, which is a software adapter’s work.',
  ],
  async make(run) {
    for (const lesson of LESSONS) await rowsOf(run, lesson);
  },
};

/** @param {TableRun} run @param {Lesson} lesson */
async function rowsOf(run, { model: name, data, load, args, read }) {
  const { library, session, seeds, row } = run;
  const taught = read();
  const model = await load(library, session);
  await row([name, data, 'none'], async () => {
    const found = await basePerplexities(run, model, taught.texts, args);
    return ['–', '–', '–', ...COLUMNS.map((column) => found[column].toFixed(2)), '–', '–'];
  });
  for (const kind of KINDS) {
    await row([name, data, kind.name], async () => {
      const { rate, trials, best } = await bestOfRates(kind.rates, async (learning_rate) => {
        const trial = await measure(run, model, kind, { ...taught, args: { ...args, learning_rate } });
        const { validation: scores = [] } = trial.perplexity;
        run.report(`${kind.name} at ${learning_rate}: ${spread(scores, 2)} on the validation`);
        return { ...trial, score: scores.reduce((sum, score) => sum + score, 0) / seeds };
      });
      const least = (/** @type {'seconds' | 'busy'} */ of) => Math.min(...trials.map((trial) => trial[of])).toFixed(0);
      const perplexities = COLUMNS.map((column) => spread(best.perplexity[column] ?? [], 2));
      return [String(rate), ...best.KiB, ...perplexities, least('seconds'), least('busy')];
    });
  }
  await model.dispose();
}

/**
 * @param {TableRun} run
 * @param {PreTrainedModel} model
 * @param {Kind} kind
 * @param {Taught & Pick<Lesson, 'args'>} lesson
 * @returns {Promise<Trial>}
 */
async function measure({ library, seeds }, model, kind, { train, texts, args: given }) {
  /** @type {Record<string, number[]>} */
  const perplexity = {};
  let [seconds, busy] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  /** @type {string[]} */
  let KiB = [];
  for (let seed = 0; seed < seeds; seed++) {
    const adapted = await library.get_peft_model(model, kind.config(library));
    const args = { ...given, seed, save_strategy: /** @type {const} */ ('no') };
    const trainer = new library.Trainer({ model: adapted, args, train_dataset: train });
    const [begun, used] = [performance.now(), process.cpuUsage()];
    await trainer.train();
    seconds = Math.min(seconds, (performance.now() - begun) / 1000);
    const { user, system } = process.cpuUsage(used);
    busy = Math.min(busy, (user + system) / 1e6);
    for (const [name, eval_dataset] of Object.entries(texts)) {
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
