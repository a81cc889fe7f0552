import { expect, test } from 'vitest';
import type { Value } from '../../../src/graph/value';
import type { Architecture, WeightSpec } from '../../../src/models/architecture';
import { makeWeights, newlyInitialized } from '../../../src/worker/models/loading/model_loader';
import { FakeRunner } from '../../helpers/session/fake_runner';

class Recorder extends FakeRunner {
  readonly written = new Map<string, Float32Array>();
  override write(value?: Value, data?: ArrayBufferView): void {
    if (value !== undefined) this.written.set(value.name, data as Float32Array);
  }
}

const specs = [
  { name: 'classifier.weight', shape: [100, 200], initialStd: 0.02 },
  { name: 'classifier.bias', shape: [100] },
  { name: 'other.weight', shape: [100, 200], initialStd: 0.5 },
] as unknown as readonly WeightSpec[];

async function made(some: readonly WeightSpec[] = specs): Promise<ReadonlyMap<string, Float32Array>> {
  const runner = new Recorder();
  const weights = new Map<string, Value>();
  await makeWeights(some, runner, weights);
  expect([...weights.keys()]).toEqual(some.map(({ name }) => name));
  expect([...weights.values()].map(({ shape }) => shape)).toEqual(some.map(({ shape }) => shape));
  expect([...runner.held]).toEqual([...weights.values()]);
  return runner.written;
}

function spread(numbers: Float32Array): { readonly mean: number; readonly std: number } {
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const std = Math.sqrt(numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0) / numbers.length);
  return { mean, std };
}

test('weights are normal with their standard deviation, biases are zero', async () => {
  const written = await made();
  for (const [name, std] of [
    ['classifier.weight', 0.02],
    ['other.weight', 0.5],
  ] as const) {
    const found = spread(written.get(name)!);
    expect(Math.abs(found.mean) / std).toBeLessThan(0.03);
    expect(found.std / std).toBeCloseTo(1, 1);
  }
  expect([...written.get('classifier.bias')!]).toEqual(Array(100).fill(0));
});

test('weights of norms are one', async () => {
  const written = await made([{ name: 'norm.weight', shape: [3], kind: 'vector', initialStd: 0, initialMean: 1 }]);
  expect([...written.get('norm.weight')!]).toEqual([1, 1, 1]);
});

test('a weight depends only on its name: it is the same at each load, and no two are alike', async () => {
  const [whole, alone] = [await made(), await made(specs.slice(0, 1))];
  expect(alone.get('classifier.weight')).toEqual(whole.get('classifier.weight'));
  expect(whole.get('other.weight')!.map((number) => number / 25)).not.toEqual(whole.get('classifier.weight'));
});

test('new weights are reported in the words of transformers', () => {
  const head = { className: 'BertForSequenceClassification', weights: specs.slice(0, 2) };
  const model = { head } as unknown as Architecture;
  expect(newlyInitialized(model, specs.slice(0, 2))).toEqual({
    code: 'newly_initialized',
    message:
      "Some weights of BertForSequenceClassification were not initialized from the model checkpoint and are newly initialized: ['classifier.bias', 'classifier.weight']. " +
      'You should probably TRAIN this model on a down-stream task to be able to use it for predictions and inference.',
  });
});

test('a head for labels that the caller names has a code of its own, unless other weights are new too', () => {
  const head = { className: 'BertForSequenceClassification', weights: specs.slice(0, 2) };
  const model = { head } as unknown as Architecture;
  const labels = { id2label: { 0: 'ham', 1: 'spam' } };
  expect(newlyInitialized(model, specs.slice(0, 2), { labels }).code).toBe('new_head');
  expect(newlyInitialized(model, specs, { labels }).code).toBe('newly_initialized');
});
