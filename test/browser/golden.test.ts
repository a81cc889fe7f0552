import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/formats/tensors/safetensors';
import { toFloat32 } from '../../src/formats/tensors/values';
import {
  comparableConfig,
  goldenAdapters,
  goldenCase,
  goldenTensors,
  largestDifference,
  tokensOf,
} from '../helpers/golden/golden';
import { factsOfBase } from '../helpers/golden/golden_batches';
import { type GoldenEntry, goldenCases } from '../helpers/golden/golden_index';
import { covering } from '../helpers/maths/covering';
import { ofAll, ofRing } from '../helpers/ring';
import { type BrowserName, browserNames, reportOf, withBrowser } from './helpers/harness';

interface Files {
  readonly config: readonly number[];
  readonly model: readonly number[];
}

interface Forward {
  readonly logits: readonly number[];
  readonly loss: number;
}

interface Report {
  readonly base: Forward;
  readonly random: Forward & { readonly disabled: Forward; readonly greedy?: readonly number[] };
  readonly saved: Readonly<Record<string, Files>>;
  readonly runs: Readonly<
    Record<
      string,
      {
        readonly losses: readonly number[];
        readonly norms: readonly number[];
        readonly rates: readonly number[];
        readonly files: Files;
      }
    >
  >;
}

interface PeftReport {
  readonly biases: {
    readonly random: Forward;
    readonly merged: Forward;
    readonly files: Files;
    readonly steps: { readonly losses: readonly number[]; readonly norms: readonly number[] };
  };
  readonly conv1d: { readonly random: Forward };
  readonly two: { readonly steps: Readonly<Record<string, Forward>>; readonly mixed: Forward; readonly files: Files };
}

/**
 * The VeRA cases that `npm test` runs in each browser. They cover sharded files, padding, gradient accumulation, Conv1D layers
 * and classifiers. `npm run test:all` runs the others in Chromium, `npm run test:soak` those in Firefox.
 */
const KINDS: Readonly<Record<BrowserName, readonly string[]>> = {
  chromium: [
    'llama_layer0_small',
    'qwen2_f16_shards_small',
    'gpt2_layer1_small',
    'phi3_long_small',
    'bert_seqcls_mid',
    'bert_multilabel_mid',
    'vit_mid',
  ],
  firefox: [],
};
/** Cases of other adapter kinds. `npm test` runs them in Chromium, `npm run test:soak` in Firefox. */
const OF_OTHER_KINDS: readonly string[] = ['lora_llama', 'dora_llama', 'unilora_llama'];
/**
 * Whether golden.html runs this case. Another page (peft.html) tests trained biases, and a model with older module names of
 * transformers is left out.
 */
const isUsual = ({ base, trains }: GoldenEntry): boolean => base !== 'vit-v4' && !trains.includes('biases');

/**
 * Returns the cases that a browser runs. Other tests run every case on Dawn in Node, with the same kernels. In Chromium the cases
 * cover each family, task and dtype; in Firefox, which takes four times as long, only each task and dtype.
 */
function usualOf(browser: BrowserName): readonly string[] {
  const usual = goldenCases(isUsual);
  const chosen = covering(usual, ({ family, task, dtype }) => [
    task,
    dtype,
    ...(browser === 'chromium' ? [family] : []),
  ]);
  const isChosen = (entry: GoldenEntry): boolean => chosen.has(entry) || KINDS[browser].includes(entry.name);
  return usual.filter(isChosen).map(({ name }) => name);
}

/** Returns the cases that the current test command runs in a browser. */
function casesOf(browser: BrowserName): readonly string[] {
  const soak = () => browser === 'firefox';
  const ofVera = ofRing(usualOf(browser), { test: (name) => KINDS[browser].includes(name), soak });
  return [...ofVera, ...ofRing(OF_OTHER_KINDS, { soak })];
}

test.each(browserNames.filter((browser) => casesOf(browser).length > 0))(
  "%s: golden cases through a session's worker give PEFT's numbers and files",
  async (browser) => {
    const names = casesOf(browser);
    // All cases run in one worker, so that kernels compile once.
    const reports = await withBrowser(browser, (page, url) =>
      reportOf<readonly Report[]>(page, `${url}/pages/engine/golden.html?${names}`),
    );
    expect(reports).toHaveLength(names.length);
    reports.forEach((report, index) => {
      compare(names[index]!, report);
    });
  },
);

test.each(ofAll(browserNames, (browser) => browser === 'firefox'))(
  '%s: trained biases, Conv1D layers, merged weights, several adapters and mixed batches give PEFT’s numbers',
  async (browser) => {
    const { biases, conv1d, two } = await withBrowser(browser, (page, url) =>
      reportOf<PeftReport>(page, `${url}/pages/engine/peft.html`),
    );
    compareBiases(biases);
    const { expect: expected, tolerance } = goldenCase('gpt2_all_mid');
    compareForward('gpt2_all_mid', 'random', conv1d.random, expected.random.loss, tolerance);
    compareTwo(two);
  },
);

function compareBiases({ random, merged, files, steps }: PeftReport['biases']): void {
  const name = 'opt_bias_mid';
  const { expect: expected, tolerance } = goldenCase(name);
  compareForward(name, 'random', random, expected.random.loss, tolerance);
  compareForward(name, 'merged', merged, expected.merged.loss, tolerance);
  compareFiles(name, 'adapter', files);
  const [training] = expected.train;
  const count = steps.losses.length;
  expect(count).toBe(4);
  const allowed = training!.tolerance.losses_abs;
  expect(largestDifference(steps.losses, training!.losses.slice(0, count))).toBeLessThanOrEqual(allowed);
  expect(largestDifference(steps.norms, training!.grad_norms.slice(0, count))).toBeLessThanOrEqual(tolerance.grad_abs);
}

function compareTwo({ steps, mixed, files }: PeftReport['two']): void {
  const name = 'two_adapters_llama';
  const golden = goldenAdapters(name);
  for (const [step, result] of Object.entries(steps)) {
    const { loss } = golden.steps.find((other) => other.step === step)!;
    compareForward(name, step, result, loss, golden.tolerance);
  }
  compareFiles(name, 'adapters/other', files);
  const tensors = goldenTensors(name);
  const half = mixed.logits.length / 2;
  const rows = [
    ...tensors.get('first_active.logits')!.subarray(0, half),
    ...tensors.get('second_active.logits')!.subarray(half),
  ];
  expect(largestDifference(mixed.logits, rows), 'mixed').toBeLessThanOrEqual(golden.tolerance.logits_abs);
}

function compareForward(
  name: string,
  figure: string,
  { logits, loss }: Forward,
  expectedLoss: number,
  tolerance: { readonly logits_abs: number; readonly loss_abs: number },
): void {
  const { batch } = goldenCase(name).inputs;
  const isOfTokens = factsOfBase(goldenCase(name).base).labels === 'of tokens';
  const isToken = isOfTokens ? tokensOf(batch, logits.length / batch.attention_mask.flat().length) : () => true;
  const tensors = goldenTensors(name);
  const expected = tensors.get(`${figure}.logits`) ?? tensors.get('base.logits')!;
  expect(largestDifference(logits, expected, isToken), `${name}, ${figure}`).toBeLessThanOrEqual(tolerance.logits_abs);
  expect(Math.abs(loss - expectedLoss), `${name}, ${figure}`).toBeLessThanOrEqual(tolerance.loss_abs);
}

function compareFiles(name: string, folder: string, { config, model }: Files): void {
  const theirs = (file: string): Uint8Array =>
    readFileSync(new URL(`../golden/cases/${name}/${folder}/${file}`, import.meta.url));
  expect(readSafetensors(Uint8Array.from(model)), folder).toEqual(
    readSafetensors(new Uint8Array(theirs('adapter_model.safetensors'))),
  );
  const [ours, peft] = [config, theirs('adapter_config.json')].map((bytes) => comparableConfig(textOf(bytes)));
  // In a LoRA file, this library omits newer fields if they have their default values.
  if (goldenCase(name).peft_config === undefined) expect(ours, folder).toEqual(peft);
  else expect(peft, folder).toMatchObject(ours as object);
}

function compare(name: string, { base, random, saved, runs }: Report): void {
  const golden = goldenCase(name);
  const tensors = goldenTensors(name);
  const { tolerance, expect: expected } = golden;

  for (const figure of ['base', 'random', 'disabled'] as const) {
    const result = { base, random, disabled: random.disabled }[figure];
    compareForward(name, figure, result, expected[figure].loss, tolerance);
  }
  expect(random.greedy).toEqual(expected.random.greedy?.continuation);

  const trainings = expected.train.filter(({ normalise }) => normalise !== 'mean_of_means');
  expect(Object.keys(runs)).toEqual(trainings.map(({ id }) => id));
  for (const training of trainings) {
    const { losses, norms, rates, files } = runs[training.id]!;
    const what = `${name}, ${training.id}`;
    expect(largestDifference(losses, training.losses), what).toBeLessThanOrEqual(training.tolerance.losses_abs);
    // Cases have no tolerance for gradient norms, so the tolerance for gradients is used.
    expect(largestDifference(norms, training.grad_norms), what).toBeLessThanOrEqual(tolerance.grad_abs);
    expect(largestDifference(rates, training.lrs), what).toBeLessThanOrEqual(1e-9);
    const vectors = readSafetensors(Uint8Array.from(files.model)).tensors;
    for (const parameter of Object.keys(golden.trainable)) {
      const allowed = training.tolerance.final_abs[parameter] ?? training.tolerance.final_abs_default;
      const final = tensors.get(`train.${training.id}.final.${parameter}`)!;
      const difference = largestDifference(toFloat32(vectors.get(parameter)!), final);
      expect(difference, `${what}, ${parameter}`).toBeLessThanOrEqual(allowed);
    }
  }

  for (const [folder, files] of Object.entries(saved)) compareFiles(name, folder, files);
}

function textOf(bytes: Iterable<number>): string {
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
