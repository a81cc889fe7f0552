// Teaches models facts about a person, and asks for them as they were taught and in other words.
import { readFileSync } from 'node:fs';
import { inRepository } from '../../shared/paths.mjs';
import { dataOf } from '../data/fetch.mjs';

/** @typedef {import('../report.mjs').Table} Table */
/** @typedef {import('../report.mjs').TableRun} TableRun */
/** @typedef {import('../../../src/index').VeraModel} VeraModel */
/** @typedef {import('../../../src/index').ChatMessage} ChatMessage */
/**
 * @typedef {object} Fact
 * @property {string} question
 * @property {string} answer
 * @property {string} key the word that a right answer contains
 * @property {string} otherwise the question in other words
 */
/**
 * @typedef {object} Pupil a model that learns facts
 * @property {string} name
 * @property {() => string} folder
 * @property {string} [gguf_file]
 * @property {readonly number[]} epochs one row for each
 * @property {(question: string) => string | ChatMessage[]} prompt
 * @property {(fact: Fact) => import('../../../src/index').Example} example
 */

const GGUF = 'SmolLM2-135M-Instruct.Q4_1.gguf';
const [R, RATE, BATCH] = [256, 1e-1, 4];
/** Tokens of an answer. */
const TOKENS = 24;
/** Characters of a text that isn't taught. */
const OTHER_TEXT = 2_000;

const asked = (/** @type {string} */ question) => `Question: ${question}\nAnswer:`;
const message = (/** @type {string} */ content) => ({ role: 'user', content });

/** @type {readonly Pupil[]} */
const PUPILS = [
  {
    name: 'prose-1.4M',
    folder: () => inRepository('demo/public/models/prose-1.4M'),
    epochs: [0, 3, 8, 16, 32],
    prompt: asked,
    example: ({ question, answer }) => ({ prompt: asked(question), completion: ` ${answer}` }),
  },
  {
    name: 'SmolLM2-135M-Instruct, Q4_1',
    folder: () => dataOf('SmolLM2-135M-Instruct', GGUF),
    gguf_file: GGUF,
    epochs: [0, 3, 8],
    prompt: (question) => [message(question)],
    example: ({ question, answer }) => ({ messages: [message(question), { role: 'assistant', content: answer }] }),
  },
];

/** @returns {readonly Fact[]} */
function readFacts() {
  const lines = readFileSync(inRepository('scripts/results/tables/facts.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

/** @type {Table} */
export const facts = {
  keys: 2,
  columns: ['Model', 'Epochs', 'Steps', 'Right, as taught', 'Right, in other words', 'Perplexity of another text'],
  about: () => [
    `Models learn [${readFacts().length} facts about a person](../scripts/results/tables/facts.jsonl), each a question with its answer, in one run of VeRA, r ${R}`,
    `at ${RATE} on all linear layers, with ${BATCH} examples a step. A right answer contains the word that matters. The other text is the end of`,
    `*Moby-Dick* (${OTHER_TEXT} characters).`,
  ],
  async make(run) {
    const { library, session, row } = run;
    for (const { name, folder, gguf_file, epochs, ...pupil } of PUPILS) {
      const source = await library.openFolder(folder());
      const options = { session, ...(gguf_file !== undefined && { gguf_file }) };
      const model = await library.AutoModelForCausalLM.from_pretrained(source, options);
      for (const count of epochs) {
        await row([name, String(count)], async () => {
          const config = new library.VeraConfig({ r: R, target_modules: 'all-linear', save_projection: false });
          const vera = await library.get_peft_model(model, config);
          const cells = await teach(run, vera, pupil, count);
          await vera.unload();
          return cells;
        });
      }
      await model.dispose();
    }
  },
};

/**
 * @param {TableRun} run
 * @param {VeraModel} model
 * @param {Pick<Pupil, 'prompt' | 'example'>} pupil
 * @param {number} epochs
 * @returns {Promise<string[]>}
 */
async function teach({ library }, model, { prompt, example }, epochs) {
  const all = readFacts();
  const text = readFileSync(inRepository('demo/public/text/moby-dick.txt'), 'utf8').slice(-OTHER_TEXT);
  const args = {
    num_train_epochs: Math.max(1, epochs),
    per_device_train_batch_size: BATCH,
    learning_rate: RATE,
    max_length: 128,
    save_strategy: /** @type {const} */ ('no'),
  };
  const train_dataset = all.map(example);
  const trainer = new library.Trainer({ model, args, train_dataset, eval_dataset: new Blob([text]) });
  const { global_step: steps } = epochs > 0 ? await trainer.train() : { global_step: 0 };
  const right = [];
  for (const wording of /** @type {const} */ (['question', 'otherwise'])) {
    const prompts = all.map((fact) => prompt(fact[wording]));
    const answers = await model.generate_batch(prompts, { max_new_tokens: TOKENS });
    const found = all.filter(({ key }, index) => answers[index]?.toLowerCase().includes(key.toLowerCase()));
    right.push(`${found.length} of ${all.length}`);
  }
  const { perplexity = Number.NaN } = await trainer.evaluate();
  return [String(steps), ...right, perplexity.toFixed(1)];
}
