// Trains the bundled model on preference pairs and ratings in a worker, then repeats TRL's golden runs. Reports the results.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { bytesOf } from '../lib/bytes.js';
import { modelUrl } from '../lib/prose.js';

const { AutoModelForCausalLM, DPOTrainer, get_peft_model, KTOTrainer, PeftModel, VeraConfig } = await loadLibrary();
const base = await AutoModelForCausalLM.from_pretrained(modelUrl);
const args = /** @type {const} */ ({
  max_steps: 6,
  per_device_train_batch_size: 2,
  lr_scheduler_type: 'constant',
  shuffle: false,
  save_strategy: 'no',
});
const pairs = [
  { prompt: 'The sea was', chosen: ' calm.', rejected: ' of a colour that nobody knew.' },
  { prompt: 'The captain', chosen: ' slept.', rejected: ' went below to look for a chart.' },
];
const ratings = pairs.flatMap(({ prompt, chosen, rejected }) => [
  { prompt, completion: chosen, label: true },
  { prompt, completion: rejected, label: false },
]);

/**
 * Trains a new adapter on a data set, and returns the reward margins before and after.
 * @param {(model: import('../../../../src/index').VeraModel) => import('../../../../src/index').Trainer} trainerOf
 */
async function trained(trainerOf) {
  const model = await get_peft_model(base, new VeraConfig({ r: 8, target_modules: ['q_proj', 'v_proj'] }));
  const trainer = trainerOf(model);
  const before = await trainer.evaluate();
  const run = trainer.train();
  await run;
  const after = await trainer.evaluate();
  return { steps: run.state.log_history.length, before: before['rewards/margins'], after: after['rewards/margins'] };
}

/** @typedef {import('../../../helpers/golden/golden_preferences').GoldenPreferenceRun} Golden */

/** @param {string} path */
const golden = async (path) => (await fetch(`/golden/${path}`)).blob();
const [dpo, kto] = await Promise.all(
  ['dpo.json', 'kto.json'].map(async (name) => JSON.parse(await (await golden(name)).text())),
);

/**
 * Loads the golden model with the initial vectors of a golden run.
 * @param {Golden} row
 */
async function goldenModel({ base: name, config, start }) {
  const files = new Map(Object.entries(dpo.files).map(([file, json]) => [file, new Blob([JSON.stringify(json)])]));
  for (const file of ['config.json', 'model.safetensors']) files.set(file, await golden(`base/${name}/${file}`));
  const adapter = new VeraConfig({ ...config, target_modules: [...config.target_modules], save_projection: false });
  return PeftModel.from_pretrained(
    await AutoModelForCausalLM.from_pretrained({ files }),
    {
      'adapter_config.json': new Blob([JSON.stringify(adapter)]),
      'adapter_model.safetensors': safetensors(start),
    },
    { is_trainable: true },
  );
}

/** @param {Readonly<Record<string, readonly number[]>>} vectors */
function safetensors(vectors) {
  let end = 0;
  const header = Object.entries(vectors).map(([name, { length }]) => {
    const begin = end;
    end += 4 * length;
    return [name, { dtype: 'F32', shape: [length], data_offsets: [begin, end] }];
  });
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const data = Object.values(vectors).map((numbers) => Float32Array.from(numbers));
  return new Blob([BigUint64Array.of(BigInt(text.length)), text, ...data]);
}

/**
 * Repeats a golden run, and returns its logs and its adapter.
 * @param {Golden} row
 * @param {(model: import('../../../../src/index').AnyAdaptedModel, args: object) => import('../../../../src/index').Trainer} trainerOf
 */
async function goldenRun(row, trainerOf) {
  const model = await goldenModel(row);
  const { label_smoothing: _, ...given } = row.args;
  const more = { max_length: dpo.max_length, shuffle: false, warmup_ratio: 0, save_strategy: 'no' };
  const run = trainerOf(model, { ...given, ...more }).train();
  await run;
  return { logs: run.state.log_history, files: await bytesOf(await model.save_pretrained()) };
}

window.report({
  pairs: await trained((model) => new DPOTrainer({ model, train_dataset: pairs, eval_dataset: pairs, args })),
  ratings: await trained((model) => new KTOTrainer({ model, train_dataset: ratings, eval_dataset: ratings, args })),
  dpo: await goldenRun(dpo.rows[0], (model, args) => new DPOTrainer({ model, train_dataset: dpo.examples, args })),
  kto: await goldenRun(kto.rows[0], (model, args) => new KTOTrainer({ model, train_dataset: kto.examples, args })),
});
