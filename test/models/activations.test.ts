import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { PretrainedConfig } from '../../src/core/types/model';
import { Graph } from '../../src/graph/graph';
import type { Value } from '../../src/graph/value';
import { ACTIVATIONS, type ActivationName } from '../../src/models/activations';
import { createArchitecture } from '../../src/tasks/task_registry';
import { taskOfBase } from '../helpers/golden/golden_batches';
import { input } from '../helpers/gpu/on_gpu';
import { type Memory, runReference } from '../reference/runner';

interface Row {
  readonly situation: ActivationName;
  readonly type: string;
  readonly y: readonly number[];
  readonly dx: readonly number[];
}

const golden = JSON.parse(readFileSync('test/golden/activations.json', 'utf8'));
const rows: readonly Row[] = golden.rows;
const x = Float64Array.from(golden.x);

/** Computes the result of `build`, and its gradient with respect to x. */
function computed(build: (g: Graph, x: Value, up: Value) => Value): { y: Float64Array; dx: Float64Array } {
  const memory: Memory = new Map();
  const g = new Graph();
  const from = g.train(input(memory, 'x', [x.length], x));
  const y = build(g, from, input(memory, 'up', [x.length], new Float64Array(x.length).fill(2)));
  const dy = input(memory, 'dy', [x.length], new Float64Array(x.length).fill(1));
  const dx = g.grad(y, dy, new Map()).get(from) as Value;
  runReference(g.steps, memory);
  return { y: memory.get(y) as Float64Array, dx: memory.get(dx) as Float64Array };
}

function expectNear(numbers: Float64Array, expected: readonly number[], factor: number): void {
  // In torch, activations that share an op here differ only in the number of digits of √(2/π).
  expected.forEach((number, index) => {
    expect(numbers[index], `at ${x[index]}`).toBeCloseTo(factor * number, 9);
  });
}

test('transformers has all names', () => {
  expect(rows.map(({ situation }) => situation)).toEqual(Object.keys(ACTIVATIONS).toSorted());
});

describe.each(rows)('$situation', ({ situation, type, y, dx }) => {
  const activation = ACTIVATIONS[situation];

  test('has torch’s class, its values and its gradient', () => {
    expect(activation.type).toBe(type);
    const made = computed((g, value) => activation.apply(g, value));
    expectNear(made.y, y, 1);
    expectNear(made.dx, dx, 1);
  });

  test('gates by its values', () => {
    const made = computed((g, value, up) => activation.gate(g, value, up));
    expectNear(made.y, y, 2);
    expectNear(made.dx, dx, 2);
  });
});

/** The config field that names the activation, for each base. */
const FIELDS = {
  gpt2: 'activation_function',
  opt: 'activation_function',
  llama: 'hidden_act',
  mistral: 'hidden_act',
  qwen2: 'hidden_act',
  qwen3: 'hidden_act',
  olmo2: 'hidden_act',
  phi3: 'hidden_act',
  gemma2: 'hidden_activation',
  gemma3: 'hidden_activation',
  falcon: 'activation',
  'gpt-neo': 'activation_function',
  'gpt-neox': 'hidden_act',
  bert: 'hidden_act',
  roberta: 'hidden_act',
  distilbert: 'activation',
  modernbert: 'hidden_activation',
  vit: 'hidden_act',
  dinov2: 'hidden_act',
  clip: 'vision_config.hidden_act',
} as const;

function changed(config: Record<string, object>, field: string, value: string): PretrainedConfig {
  const [part = '', key] = field.split('.');
  return { ...config, [part]: key ? { ...config[part], [key]: value } : value } as never;
}

test.each(Object.entries(FIELDS))('%s has any of them in its blocks', (base, field) => {
  const config = JSON.parse(readFileSync(`test/golden/base/${base}/config.json`, 'utf8'));
  for (const [name, { type }] of Object.entries(ACTIVATIONS)) {
    const { modules, head } = createArchitecture(changed(config, field, name), taskOfBase(`base/${base}`));
    const inBlocks = modules.filter((module) => !head.modules.includes(module));
    expect(inBlocks.filter((module) => module.type === type)).toHaveLength(2);
  }
});
