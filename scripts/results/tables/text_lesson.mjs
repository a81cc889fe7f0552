// A data set of labelled texts, a base model that learns to classify them, and the classifiers and vectors that several methods share.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataOf } from '../data/fetch.mjs';
import { fewOfEach, HEAD_RANK } from './adapted.mjs';

/** @typedef {import('../report.mjs').TableRun} TableRun */
/** @typedef {import('../../../src/index').PreTrainedModel} PreTrainedModel */
/** @typedef {import('../../../src/index').VeraModel} VeraModel */
/** @typedef {{ readonly text: string, readonly label: string }} Labelled */
/**
 * @typedef {object} TextBase
 * @property {string} name
 * @property {() => string} folder
 * @property {readonly string[]} target_modules
 * @property {number} layer index of the last layer
 */
/**
 * Vectors of all texts, and the mean time to embed one training text.
 * @typedef {{ readonly train: readonly (readonly number[])[], readonly test: readonly (readonly number[])[], readonly secondsEach: number }} Vectors
 */

/** The number of held-out texts. */
export const TESTS = 250;

/** Models are loaded when they are first used, because most rows of a resumed table need none. */
export class TextLesson {
  /** @type {Promise<PreTrainedModel> | undefined} */
  #shared;
  /** @type {Promise<VeraModel> | undefined} */
  #solver;
  /** @type {Promise<Vectors> | undefined} */
  #vectors;

  /**
   * @param {TableRun} run
   * @param {string} data the name of the data set's folder
   * @param {TextBase} base
   */
  constructor(run, data, base) {
    this.run = run;
    this.data = data;
    this.base = base;
    const folder = dataOf(data, 'train.jsonl');
    this.train = readLines(join(folder, 'train.jsonl'));
    this.test = readLines(join(folder, 'test.jsonl')).slice(0, TESTS);
  }

  get name() {
    return `${this.data}, ${this.base.name}`;
  }

  /**
   * @param {number} shots examples per class
   * @param {number} seed
   */
  few(shots, seed) {
    return fewOfEach(this.train, shots, seed);
  }

  /** Loads a new classifier, which the caller disposes. */
  async open() {
    const { library, session } = this.run;
    const names = [...new Set(this.train.map(({ label }) => label))].sort();
    const id2label = Object.fromEntries(names.map((label, index) => [index, label]));
    const source = await library.openFolder(this.base.folder());
    return library.AutoModelForSequenceClassification.from_pretrained(source, { session, id2label });
  }

  /** Returns the classifier that profiles share. */
  shared() {
    this.#shared ??= this.open();
    return this.#shared;
  }

  /** Returns a classifier for `fit_head`. It has an adapter that doesn't learn, because PEFT needs at least one adapted layer. */
  solver() {
    this.#solver ??= this.open().then((model) => {
      const { library } = this.run;
      const { target_modules, layer } = this.base;
      const where = { target_modules, layers_to_transform: [layer], task_type: /** @type {const} */ ('SEQ_CLS') };
      const config = new library.VeraConfig({ r: HEAD_RANK, save_projection: false, ...where });
      return library.get_peft_model(model, config);
    });
    return this.#solver;
  }

  /** Returns the vectors that `embed` computes for all texts. */
  vectors() {
    this.#vectors ??= this.#embed();
    return this.#vectors;
  }

  async #embed() {
    const { library, session } = this.run;
    const model = await library.AutoModel.from_pretrained(await library.openFolder(this.base.folder()), { session });
    const [tests, trained] = [this.test, this.train].map((all) => all.map(({ text }) => text));
    const test = await model.embed(tests ?? []);
    // The first call has compiled the kernels, so this measures only the time of the model itself.
    const begun = performance.now();
    const train = await model.embed(trained ?? []);
    const secondsEach = (performance.now() - begun) / 1000 / this.train.length;
    await model.dispose();
    return { train: train.map((vector) => [...vector]), test: test.map((vector) => [...vector]), secondsEach };
  }

  async dispose() {
    await (await this.#shared)?.dispose();
    await (await this.#solver)?.dispose();
  }
}

/**
 * @param {string} path
 * @returns {Labelled[]}
 */
function readLines(path) {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
