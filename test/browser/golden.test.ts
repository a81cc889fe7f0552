import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/formats/safetensors';
import { toFloat32 } from '../../src/formats/values';
import { comparableConfig, goldenCase, goldenTensors, largestDifference } from '../helpers/golden';
import { browserNames, reporting, withBrowser } from './harness';

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
  readonly random: Forward & { readonly disabled: Forward; readonly greedy: readonly number[] };
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

/** Between them: padding, accumulation, warm-up, a projection larger than the model, both kinds of files. */
const cases = ['llama_qvud_big', 'llama_layer0_small'];

test.each(browserNames)(
  "%s: golden cases through a session's worker give PEFT's numbers and files",
  async (browser) => {
    const reports = await withBrowser(browser, async (page, url) => {
      const report = await reporting(page);
      const all: Report[] = [];
      for (const name of cases) all.push(await report<Report>(`${url}/pages/golden.html?${name}`));
      return all;
    });
    reports.forEach((report, index) => {
      compare(cases[index]!, report);
    });
  },
);

function compare(name: string, { base, random, saved, runs }: Report): void {
  const golden = goldenCase(name);
  const tensors = goldenTensors(name);
  const { tolerance, expect: expected } = golden;
  const mask = golden.inputs.batch.attention_mask.flat();
  const V = base.logits.length / mask.length;
  const isToken = (index: number): boolean => mask[Math.floor(index / V)] === 1;

  for (const [figure, result] of Object.entries({ base, random, disabled: random.disabled })) {
    const logits = tensors.get(`${figure}.logits`) ?? tensors.get('base.logits')!;
    expect(largestDifference(result.logits, logits, isToken), figure).toBeLessThanOrEqual(tolerance.logits_abs);
    const { loss } = expected[figure as 'base' | 'random' | 'disabled'];
    expect(Math.abs(result.loss - loss), figure).toBeLessThanOrEqual(tolerance.loss_abs);
  }
  expect(random.greedy).toEqual(expected.random.greedy.continuation);

  const trainings = expected.train.filter(({ normalise }) => normalise !== 'mean_of_means');
  expect(Object.keys(runs)).toEqual(trainings.map(({ id }) => id));
  for (const training of trainings) {
    const { losses, norms, rates, files } = runs[training.id]!;
    const what = `${name}, ${training.id}`;
    expect(largestDifference(losses, training.losses), what).toBeLessThanOrEqual(training.tolerance.losses_abs);
    // Norms have no tolerance of their own: theirs is that of a gradient.
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

  for (const [folder, { config, model }] of Object.entries(saved)) {
    const theirs = (file: string): Uint8Array =>
      readFileSync(new URL(`../golden/cases/${name}/${folder}/${file}`, import.meta.url));
    expect(readSafetensors(Uint8Array.from(model)), folder).toEqual(
      readSafetensors(new Uint8Array(theirs('adapter_model.safetensors'))),
    );
    expect(comparableConfig(textOf(config)), folder).toEqual(comparableConfig(textOf(theirs('adapter_config.json'))));
  }
}

function textOf(bytes: Iterable<number>): string {
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
