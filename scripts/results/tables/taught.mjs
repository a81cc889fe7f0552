// Teaches facts to a model, in webvera or in PEFT, and then asks about the facts.
import { teachFacts } from '../peft/facts.mjs';
import { basePerplexities, expectSamePerplexity } from './base_perplexity.mjs';

/** @typedef {import('../report.mjs').TableRun} TableRun */
/** @typedef {import('../../../src/index').PreTrainedModel} PreTrainedModel */
/** @typedef {import('../../../src/index').ChatMessage} ChatMessage */
/**
 * @typedef {object} Lesson
 * @property {PreTrainedModel} model
 * @property {string} path of the model's folder, or of its GGUF file, for Python
 * @property {readonly import('../../../src/index').Example[]} examples
 * @property {readonly (string | readonly ChatMessage[])[]} prompts
 * @property {string} text a text that isn't taught
 * @property {number} epochs
 */
/**
 * @typedef {object} Taught
 * @property {number} steps
 * @property {readonly string[]} answers to the prompts
 * @property {number} perplexity of the text that isn't taught, after training
 */

/** The settings of a run: a profile's defaults, and a `max_length` that is enough for every fact. */
export const SETTINGS = { r: 256, learning_rate: 1e-1, per_device_train_batch_size: 4, max_length: 128 };
const { r: R, ...ARGS } = SETTINGS;
/** The maximum number of tokens in an answer. */
const TOKENS = 24;

/**
 * @param {TableRun} run
 * @param {Lesson} lesson
 * @returns {Promise<Taught>}
 */
export async function teachHere({ library }, { model: base, examples, prompts, text, epochs }) {
  const config = new library.VeraConfig({ r: R, target_modules: 'all-linear', save_projection: false });
  const model = await library.get_peft_model(base, config);
  const args = { ...ARGS, num_train_epochs: Math.max(1, epochs), save_strategy: /** @type {const} */ ('no') };
  const trainer = new library.Trainer({ model, args, train_dataset: examples, eval_dataset: new Blob([text]) });
  const { global_step: steps } = epochs > 0 ? await trainer.train() : { global_step: 0 };
  const answers = await model.generate_batch(prompts, { max_new_tokens: TOKENS });
  const { perplexity = Number.NaN } = await trainer.evaluate();
  await model.unload();
  return { steps, answers, perplexity };
}

/**
 * As `teachHere`, but trains with PEFT in Python, on the tokens of webvera's tokenizer. Throws if the base model's perplexity in PyTorch
 * differs from that in webvera.
 * @param {TableRun} run
 * @param {Lesson} lesson
 * @returns {Promise<Taught>}
 */
export async function teachInPeft(run, { model, path, examples, prompts, text, epochs }) {
  const { tokenizer } = model;
  if (tokenizer === undefined) throw new Error('expected a model with a tokenizer');
  const { max_length, learning_rate, per_device_train_batch_size: rows } = SETTINGS;
  const previews = await Promise.all(examples.map((example) => model.preview(example, { max_length })));
  const ids = await tokenizer.encode(text);
  const found = await teachFacts(
    {
      ...{ model: path, r: R, learning_rate, rows, epochs, new_tokens: TOKENS },
      examples: previews.map(learntOf),
      prompts: await Promise.all(
        prompts.map((prompt) =>
          typeof prompt === 'string'
            ? tokenizer.encode(prompt)
            : tokenizer.apply_chat_template(prompt, { add_generation_prompt: true }),
        ),
      ),
      text: blocksOf(ids, max_length),
    },
    run.report,
  );
  const { untaught } = await basePerplexities(run, model, { untaught: new Blob([text]) }, ARGS);
  expectSamePerplexity('the other text', found.before, untaught);
  const answers = found.answers.map((answer) => tokenizer.decode(answer, { skip_special_tokens: true }));
  return { steps: found.steps, answers: await Promise.all(answers), perplexity: found.after };
}

/** @param {import('../../../src/index').Preview | import('../../../src/index').ImagePreview} preview */
function learntOf(preview) {
  if (!('labels' in preview) || preview.labels === undefined) throw new Error('expected labels of tokens');
  return { input_ids: preview.input_ids, labels: preview.labels };
}

/**
 * @param {readonly number[]} ids
 * @param {number} length
 * @returns {number[][]} blocks of `length` tokens; a last block of one token is dropped, because it predicts nothing
 */
function blocksOf(ids, length) {
  const blocks = Array.from({ length: Math.ceil(ids.length / length) }, (_, index) =>
    ids.slice(index * length, (index + 1) * length),
  );
  return blocks.filter((block) => block.length > 1);
}
