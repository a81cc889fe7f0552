// Teaches models facts about a person, and then asks the taught questions, also in other words.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRepository } from '../../shared/paths.mjs';
import { dataOf } from '../data/fetch.mjs';
import { SETTINGS, teachHere, teachInPeft } from './taught.mjs';

/** @typedef {import('../report.mjs').Table} Table */
/** @typedef {import('../report.mjs').TableRun} TableRun */
/** @typedef {import('./taught.mjs').Lesson} Lesson */
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
 * @property {'webvera' | 'PEFT'} engine
 * @property {() => string} folder
 * @property {string} [gguf_file]
 * @property {readonly number[]} epochs numbers of epochs, one for each row
 * @property {(question: string) => Lesson['prompts'][number]} prompt
 * @property {(fact: Fact) => import('../../../src/index').Example} example
 */

const GGUF = 'SmolLM2-135M-Instruct.Q4_1.gguf';
/** The length, in characters, of a text that isn't taught. */
const OTHER_TEXT = 2_000;
const TEACH = { webvera: teachHere, PEFT: teachInPeft };

const asked = (/** @type {string} */ question) => `Question: ${question}\nAnswer:`;
const message = (/** @type {string} */ content) => ({ role: 'user', content });

/** @type {readonly Pupil[]} */
const PUPILS = [
  {
    name: 'prose-1.4M',
    engine: 'webvera',
    folder: () => inRepository('demo/public/models/prose-1.4M'),
    epochs: [0, 3, 8, 16, 32],
    prompt: asked,
    example: ({ question, answer }) => ({ prompt: asked(question), completion: ` ${answer}` }),
  },
  {
    name: 'SmolLM2-135M-Instruct, Q4_1',
    engine: 'PEFT',
    folder: () => dataOf('SmolLM2-135M-Instruct', GGUF),
    gguf_file: GGUF,
    epochs: [0, 3, 8],
    prompt: (question) => [message(question)],
    example: ({ question, answer }) => ({ messages: [message(question), { role: 'assistant', content: answer }] }),
  },
];

/** @returns {readonly Fact[]} */
function readFacts() {
  const lines = readFileSync(inRepository('scripts/results/texts/facts.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

/** @type {Table} */
export const facts = {
  keys: 3,
  columns: [
    'Model',
    'Taught by',
    'Epochs',
    'Steps',
    'Right, as taught',
    'Right, in other words',
    'Perplexity of another text',
  ],
  about: () => [
    `Models learn [${readFacts().length} facts about a person](../scripts/results/texts/facts.jsonl), each a question with its answer, in one run of VeRA, r ${SETTINGS.r}`,
    `at ${SETTINGS.learning_rate} on all linear layers, with ${SETTINGS.per_device_train_batch_size} examples a step, as a profile does by default. A right answer contains the word that`,
    `matters. The other text is the end of *Moby-Dick* (${OTHER_TEXT} characters). PEFT teaches the larger model in PyTorch, because a step takes`,
    "a software adapter many seconds: with webvera's tokens, adapter, batches, schedule and optimizer.",
  ],
  async make(run) {
    const { library, session, row } = run;
    for (const pupil of PUPILS) {
      const { name, engine, folder, gguf_file, epochs } = pupil;
      const source = await library.openFolder(folder());
      const options = { session, ...(gguf_file !== undefined && { gguf_file }) };
      const model = await library.AutoModelForCausalLM.from_pretrained(source, options);
      for (const count of epochs) await row([name, engine, String(count)], () => measure(run, pupil, model, count));
      await model.dispose();
    }
  },
};

/**
 * @param {TableRun} run
 * @param {Pupil} pupil
 * @param {Lesson['model']} model
 * @param {number} epochs
 * @returns {Promise<string[]>} the cells after those that identify the row
 */
async function measure(run, { engine, folder, gguf_file, prompt, example }, model, epochs) {
  const all = readFacts();
  const { steps, answers, perplexity } = await TEACH[engine](run, {
    ...{ model, epochs, path: join(folder(), gguf_file ?? '') },
    examples: all.map(example),
    prompts: [...all.map(({ question }) => prompt(question)), ...all.map(({ otherwise }) => prompt(otherwise))],
    text: readFileSync(inRepository('demo/public/text/moby-dick.txt'), 'utf8').slice(-OTHER_TEXT),
  });
  const right = [answers.slice(0, all.length), answers.slice(all.length)].map((given) => {
    const found = all.filter(({ key }, index) => given[index]?.toLowerCase().includes(key.toLowerCase()));
    return `${found.length} of ${all.length}`;
  });
  return [String(steps), ...right, perplexity.toFixed(1)];
}
