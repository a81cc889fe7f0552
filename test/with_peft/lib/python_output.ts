import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { largestDifference } from '../../helpers/golden/golden';
import { vectorsOf } from '../../helpers/session/session';
import type { Run } from './exported';
import type { Outcome } from './python';

/**
 * Float32 sums have another order here than in Python. Losses near 5 differ by a few ulps of 5e-7, and norms
 * likewise. Trained values differ by the learning rate of 0.03 times the gradient's relative difference. A wrong
 * learning rate in one step would change them by 3e-3.
 */
const TOLERANCE = { loss: 1e-5, grad_norm: 1e-4, learning_rate: 1e-12, trained: 1e-5 };
/** The exact gradient of a key bias is zero, because the bias doesn't change the softmax. Adam turns its rounding errors into steps. */
const isNoise = (name: string) => name.endsWith('.k_proj.bias');

/** Reads Python's results: the logs of all steps, and the adapter. */
export function readOutput(folder: string): Run {
  const read = (file: string) => new Blob([readFileSync(join(folder, 'output', file))]);
  const { log_history } = JSON.parse(readFileSync(join(folder, 'output/trainer_state.json'), 'utf8'));
  return {
    logs: log_history.filter((entry: object) => 'loss' in entry),
    adapter: {
      'adapter_config.json': read('adapter_config.json'),
      'adapter_model.safetensors': read('adapter_model.safetensors'),
    },
  };
}

export function expectSuccess({ code, output }: Outcome): void {
  expect(code, output).toBe(0);
}

export async function expectSame(there: Run, here: Run): Promise<void> {
  expect(there.logs.map(({ step }) => step)).toEqual(here.logs.map(({ step }) => step));
  for (const key of ['loss', 'grad_norm', 'learning_rate'] as const) {
    const [a, b] = [there, here].map(({ logs }) => logs.map((log) => log[key]));
    expect(largestDifference(a!, b!), key).toBeLessThanOrEqual(TOLERANCE[key]);
  }
  const [trained, expected] = await Promise.all([vectorsOf(there.adapter), vectorsOf(here.adapter)]);
  expect([...trained.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [name, values] of expected) {
    if (isNoise(name)) continue;
    expect(largestDifference(trained.get(name)!, values), name).toBeLessThanOrEqual(TOLERANCE.trained);
  }
}
