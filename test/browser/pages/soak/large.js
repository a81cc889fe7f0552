// Processes `?bytes=` bytes of a user's data. `?form=` names what the data are, such as a text or a CSV file. Reports the
// time, the progress of reading, and the session's warnings.
import { describeError, loadLibrary } from '../../../../scripts/page/library.js';
import { modelUrl, smallAdapter, trainingText } from '../lib/prose.js';

const {
  AutoModelForCausalLM,
  AutoModelForImageClassification,
  AutoModelForSequenceClassification,
  export_run,
  get_peft_model,
  Profile,
  Session,
  Trainer,
  VeraConfig,
  VeraModel,
} = await loadLibrary();
const wanted = new URLSearchParams(location.search);
const bytes = Number(wanted.get('bytes'));
const session = await Session.open();
/** @type {string[]} */
const warnings = [];
session.addEventListener('warning', (event) => warnings.push(`${event.code}: ${event.message}`));
/** @type {{ loaded: number, total: number | undefined, global_step: number }[]} */
const readings = [];

const book = await (await trainingText()).text();
/** @param {number} length */
const longText = (length) => book.repeat(Math.ceil(length / book.length)).slice(0, length);
const ROW = 300;
/** @template T @param {(text: string) => T} make @returns {T[]} */
const rowsOf = (make) =>
  Array.from({ length: Math.floor(bytes / ROW) }, (_, i) => {
    const at = (i * 97) % (book.length - ROW);
    return make(book.slice(at, at + ROW));
  });

/** @param {Record<string, unknown>} [config] */
async function openText(config = smallAdapter) {
  const base = await AutoModelForCausalLM.from_pretrained(modelUrl, { session });
  return get_peft_model(base, new VeraConfig(config));
}

/** @param {any} train_dataset @param {Record<string, unknown>} [more] */
async function learn(train_dataset, more = {}) {
  await trainText(train_dataset, more);
}

/** @param {any} train_dataset @param {Record<string, unknown>} [more] @param {Promise<any>} [opened] */
async function trainText(train_dataset, more = {}, opened = openText()) {
  const model = await opened;
  const args = { max_steps: 1, per_device_train_batch_size: 1, max_length: 64, ...more };
  const run = new Trainer({ model, args, train_dataset }).train();
  for await (const event of run)
    if (event.type === 'reading') readings.push({ ...event, global_step: event.state.global_step });
  await run;
  return model;
}

/**
 * For each form of data, a function that processes it. If it writes files, it resolves with their size.
 * @type {Record<string, () => Promise<unknown>>}
 */
const forms = {
  text: () => learn(new Blob([longText(bytes)])),
  async exported() {
    const data = new Blob([longText(bytes)]);
    const model = await trainText(data);
    const longer = new Trainer({ model, args: { max_steps: 3, max_length: 64 }, train_dataset: data });
    const files = await export_run({ model, trainer: longer });
    return [...files.values()].reduce((sum, { size }) => sum + size, 0);
  },
  unbroken: () => learn(new Blob(['x'.repeat(bytes)])),
  examples: () => learn(rowsOf((text) => ({ text }))),
  'one example': () => learn([{ text: longText(bytes) }]),
  'packed examples': () =>
    learn(
      [1, 2, 3, 4].map(() => ({ text: longText(bytes / 4) })),
      { packing: true },
    ),
  jsonl: () => learn(new Blob([rowsOf((text) => JSON.stringify({ text })).join('\n')], { type: 'application/jsonl' })),
  csv: () =>
    learn(new Blob(['text\n', rowsOf((text) => `"${text.replaceAll('"', '""')}"`).join('\n')], { type: 'text/csv' })),
  async labelled() {
    const options = { session, id2label: { 0: 'even', 1: 'odd' } };
    const base = await AutoModelForSequenceClassification.from_pretrained(modelUrl, options);
    const model = get_peft_model(base, new VeraConfig({ ...smallAdapter, task_type: 'SEQ_CLS' }));
    const rows = rowsOf((text) => `"${text.replaceAll('"', '""')}",${text.charCodeAt(0) % 2 === 0 ? 'even' : 'odd'}`);
    await trainText(new Blob(['text,label\n', rows.join('\n')], { type: 'text/csv' }), {}, model);
  },
  async images() {
    const base = await AutoModelForImageClassification.from_pretrained(
      new URL('/models/vit-pictures-1.4M/', location.href),
      { session },
    );
    const config = { r: 8, target_modules: ['q_proj'], modules_to_save: ['classifier'] };
    const model = await get_peft_model(base, new VeraConfig(config));
    const side = 1000;
    const examples = Array.from({ length: Math.ceil(bytes / (4 * side * side)) }, (_, label) => {
      const data = new Uint8ClampedArray(4 * side * side).fill(255);
      for (let i = 0; i < data.length; i += 97) data[i] = i % 251;
      return { image: new ImageData(data, side, side), label: label % 7 };
    });
    await new Trainer({
      model,
      args: { max_steps: 1, per_device_train_batch_size: 1 },
      train_dataset: examples,
    }).train();
  },
  async adapter() {
    // A has 128 columns and B has 128 rows, so a file with this rank has the wanted size.
    const config = { r: Math.floor(bytes / (4 * 256)), target_modules: ['q_proj'], save_projection: true };
    const model = await openText(config);
    const args = { max_steps: 1, per_device_train_batch_size: 1, max_length: 64 };
    const train_dataset = [{ text: 'Call me Ishmael.' }];
    await new Trainer({ model, args, train_dataset }).train();
    await new Trainer({ model, args: { ...args, max_steps: 2 }, train_dataset }).train({
      resume_from_checkpoint: true,
    });
    const files = await model.save_pretrained({ id: 'large' });
    const base = await AutoModelForCausalLM.from_pretrained(modelUrl, { session });
    await VeraModel.from_pretrained(base, files);
    return Object.values(files).reduce((sum, { size }) => sum + size, 0);
  },
  async profile() {
    const base = await AutoModelForCausalLM.from_pretrained(modelUrl, { session });
    const profile = await Profile.open(base, 'large', { peft_config: smallAdapter });
    // A profile stores examples of at most 2^24 characters, the names of their fields included.
    const most = Math.min(bytes, 16e6);
    await profile.add(Array.from({ length: 600 }, (_, i) => ({ text: longText(most / 600 - i) })));
    const files = await profile.export();
    await Profile.import(base, files, 'another');
    return [...files.values()].reduce((sum, { size }) => sum + size, 0);
  },
};

const began = performance.now();
const form = forms[wanted.get('form') ?? ''];
const outcome = await form?.().catch(describeError);
const seconds = (performance.now() - began) / 1000;
await window.report({ seconds, outcome, warnings, readings });
await session.close();
