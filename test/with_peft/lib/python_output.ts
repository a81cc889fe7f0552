import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { largestDifference } from '../../helpers/golden/golden';
import { vectorsOf } from '../../helpers/session/session';
import type { Run } from './exported';
import type { Outcome } from './python';

/**
 * Sums in another order, in float32: losses near 5 differ by a few of their ulps of 5e-7, norms likewise, and what trains by
 * the share of a learning rate of 0.03 that such a difference is of a gradient. A step of the schedule would make 3e-3.
 */
const TOLERANCE = { loss: 1e-5, grad_norm: 1e-4, learning_rate: 1e-12, trained: 1e-5 };
/** Its gradient is nothing but rounding, as a softmax has the same results without it, and Adam makes steps of that. */
const isNoise = (name: string) => name.endsWith('.k_proj.bias');

/** What Python came to: the logs of all steps, and the adapter. */
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
