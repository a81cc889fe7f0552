import { expect, test } from 'vitest';
import { Graph } from '../../../src/graph/graph';
import { pinned, type Value } from '../../../src/graph/value';
import type { RowLosses } from '../../../src/ops/losses/row_losses';
import { supervisedContrast } from '../../../src/ops/losses/supervised_contrast';
import { linear } from '../../../src/ops/products/linear';
import { input } from '../../helpers/gpu/on_gpu';
import { blockWords } from '../../helpers/gpu/step_block';
import { randomArray } from '../../helpers/maths/random';
import { expectLossGradient, expectNumbers, lossesOfLogits } from '../../helpers/maths/row_losses';
import { type Memory, runReference } from '../../reference/runner';

const [N, C, F] = [7, 4, 3];
/** The number of valid entries of `rows`; the others are padding, and must not count. */
const LABELLED = 5;
const INVERSE_TOKENS = 1 / 8;

function setUp(classes: readonly number[], labelled = LABELLED) {
  const memory: Memory = new Map();
  const x = input(memory, 'x', [N, C], randomArray(N * C, 1, 2));
  const weight = input(memory, 'weight', [F, C], randomArray(F * C, 2));
  const given = {
    hidden: x,
    outputs: F,
    rows: input(memory, 'rows', [6], Float64Array.of(1, 0, 6, 3, 2, 0), 'u32'),
    targets: input(memory, 'targets', [6], Float64Array.from(classes), 'u32'),
    weights: input(memory, 'weights', [6], Float64Array.of(0.5, 1.25, 4, 1, 2, 1)),
    block: input(memory, 'block', [8], blockWords({ labelled, inverse_tokens: INVERSE_TOKENS }), 'u32'),
  };
  const build =
    (temperature: number) =>
    (g: Graph, into: ReadonlyMap<Value, Value>): RowLosses =>
      supervisedContrast(g, { ...given, project: (h) => linear(g, h, weight), temperature, into });
  return { memory, x, weight, given, build };
}

test.each([
  { title: 'three classes, one of a single row', classes: [0, 1, 1, 1, 2, 2], temperature: 0.5 },
  { title: 'two classes', classes: [0, 1, 0, 1, 0, 0], temperature: 0.25 },
  { title: 'one class', classes: [3, 3, 3, 3, 3, 3], temperature: 2 },
])('central differences, through a head and norms: $title', ({ classes, temperature }) => {
  const { memory, x, weight, build } = setUp(classes);
  const mean = { labelled: LABELLED, inverseTokens: INVERSE_TOKENS };
  const [dx] = expectLossGradient(build(temperature), memory, [x, weight], mean);
  // No valid entry of `rows` refers to row 4 or 5.
  expect([...dx!.subarray(4 * C, 6 * C)]).toEqual(new Array(2 * C).fill(0));
  expect(dx!.some((value) => value !== 0)).toBe(true);
});

const FEATURES = [
  [1.5, -0.5, 0.25],
  [-1, 3, 0.5],
  [0.5, 0.5, -2],
  [2, 1, 1],
  [0.25, -1, 0.75],
];

test("losses and gradient are those of the paper's code (SupConLoss of one view, over F.normalize) in torch", () => {
  const { losses, gradient } = lossesOfLogits(FEATURES, (g, inputs, memory) => {
    const targets = input(memory, 'targets', [5], Float64Array.of(0, 1, 0, 0, 2), 'u32');
    const weights = input(memory, 'weights', [5], new Float64Array(5).fill(1));
    return supervisedContrast(g, { ...inputs, targets, weights, temperature: 0.5 });
  });
  expectNumbers(losses, [1.405812790844711, 0, 1.2194718903150574, 1.4138714785030424, 0], 12);
  expectNumbers(
    gradient,
    [
      -0.05421986066235942, -0.07319027694686854, 0.17893861008041942, 0.034657929428213996, 0.016202676894966156,
      -0.027900202513368905, -0.2098388091219751, 0.029972771549858945, -0.044966509393029035, -0.04145549925924809,
      -0.02478224827803331, 0.10769324679652947, 0.13888396700922126, 0.025564203531083636, -0.012209050961628918,
    ],
  );
});

test.each([
  { title: 'every row has a class of its own', classes: [0, 1, 2, 3, 4, 0], labelled: LABELLED },
  { title: 'one row', classes: [0, 0, 0, 0, 0, 0], labelled: 1 },
  { title: 'no row', classes: [0, 0, 0, 0, 0, 0], labelled: 0 },
])('without a pair of one class, loss and gradient are 0: $title', ({ classes, labelled }) => {
  const { memory, x, build } = setUp(classes, labelled);
  const g = new Graph();
  g.train(x);
  const { losses } = build(0.1)(g, new Map());
  const gradient = g.grad(losses, losses, new Map()).get(x)!;
  const run = runReference(g.steps, memory);
  expect([...run.get(losses)!]).toEqual(new Array(6).fill(0));
  expect(run.get(gradient)!.every((value) => value === 0)).toBe(true);
});

test('a row of zeros has no direction: no loss and no gradient is NaN', () => {
  const { losses, gradient } = lossesOfLogits([[0, 0], ...[0, 1].map((v) => [1, v])], (g, inputs, memory) => {
    const targets = input(memory, 'targets', [3], Float64Array.of(0, 0, 0), 'u32');
    const weights = input(memory, 'weights', [3], new Float64Array(3).fill(1));
    return supervisedContrast(g, { ...inputs, targets, weights, temperature: 1 });
  });
  expect([...losses].every(Number.isFinite)).toBe(true);
  expect([...gradient].every(Number.isFinite)).toBe(true);
});

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('a temperature of %d is refused', (temperature) => {
  const { build } = setUp([0, 1, 0, 1, 0, 0]);
  expect(() => build(temperature)(new Graph(), new Map())).toThrow(
    `temperature: expected a number above 0, got ${temperature}`,
  );
});

test('targets and weights are checked', () => {
  const { given } = setUp([0, 1, 0, 1, 0, 0]);
  const all = { ...given, project: () => pinned('features', [6, F]), temperature: 1, into: new Map() };
  const wrong = pinned('wrong', [7]);
  expect(() => supervisedContrast(new Graph(), { ...all, targets: wrong })).toThrow(
    'supervised_contrast targets: expected (6), got (7)',
  );
  expect(() => supervisedContrast(new Graph(), { ...all, weights: wrong })).toThrow(
    'supervised_contrast weights: expected (6), got (7)',
  );
});
