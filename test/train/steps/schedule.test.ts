import { describe, expect, test } from 'vitest';
import { learningRateAt, warmupSteps } from '../../../src/train/steps/schedule';

const args = { learning_rate: 0.01, lr_scheduler_type: 'linear', warmup_steps: 0, warmup_ratio: 0 } as const;

/** Returns the learning rates of all steps. */
function rates(changes: Partial<Parameters<typeof learningRateAt>[0]>, maxSteps: number): number[] {
  return Array.from({ length: maxSteps }, (_, step) => learningRateAt({ ...args, ...changes }, step, maxSteps));
}

function expectRates(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((rate, step) => {
    const wanted = expected[step]!;
    // The tolerance allows a few roundings of float64.
    expect(Math.abs(rate - wanted), `step ${step}: ${rate}, expected ${wanted}`).toBeLessThanOrEqual(1e-12 * wanted);
  });
}

test('linear with warm-up, as transformers gives it', () => {
  // The rates of transformers' get_linear_schedule_with_warmup(optimizer, 3, 10) with a learning rate of 0.01.
  const expected = [
    0, 0.003333333333333333, 0.006666666666666666, 0.01, 0.008571428571428572, 0.0071428571428571435,
    0.005714285714285714, 0.004285714285714286, 0.002857142857142857, 0.0014285714285714286,
  ];
  expectRates(rates({ warmup_steps: 3 }, 10), expected);
  expectRates(rates({ warmup_ratio: 0.21 }, 10), expected);
});

test('cosine with warm-up', () => {
  const half = Math.sqrt(0.5);
  expectRates(rates({ lr_scheduler_type: 'cosine', warmup_steps: 2 }, 10), [
    0,
    0.005,
    0.01,
    0.005 * (1 + Math.cos(Math.PI / 8)),
    0.005 * (1 + half),
    0.005 * (1 + Math.sin(Math.PI / 8)),
    0.005,
    0.005 * (1 - Math.sin(Math.PI / 8)),
    0.005 * (1 - half),
    0.005 * (1 - Math.cos(Math.PI / 8)),
  ]);
});

test('constant ignores the warm-up, constant_with_warmup does not', () => {
  expectRates(rates({ lr_scheduler_type: 'constant', warmup_steps: 2 }, 4), [0.01, 0.01, 0.01, 0.01]);
  expectRates(rates({ lr_scheduler_type: 'constant_with_warmup', warmup_steps: 2 }, 4), [0, 0.005, 0.01, 0.01]);
});

test('without warm-up the first step has the full rate', () => {
  expectRates(rates({}, 4), [0.01, 0.0075, 0.005, 0.0025]);
});

describe('warm-up steps', () => {
  test.each([
    { warmup_steps: 0, warmup_ratio: 0, maxSteps: 100, expected: 0 },
    { warmup_steps: 0, warmup_ratio: 0.06, maxSteps: 100, expected: 6 },
    { warmup_steps: 0, warmup_ratio: 0.06, maxSteps: 101, expected: 7 },
    { warmup_steps: 0, warmup_ratio: 0.06, maxSteps: 2, expected: 1 },
    { warmup_steps: 0, warmup_ratio: 0.06, maxSteps: 1, expected: 0 },
    { warmup_steps: 1, warmup_ratio: 0, maxSteps: 1, expected: 1 },
    { warmup_steps: 3, warmup_ratio: 0.06, maxSteps: 100, expected: 3 },
    // As transformers 5 reads a value below 1: math.ceil(num_training_steps * warmup_steps).
    { warmup_steps: 0.1, warmup_ratio: 0.06, maxSteps: 100, expected: 10 },
    { warmup_steps: 0.1, warmup_ratio: 0.06, maxSteps: 101, expected: 11 },
    { warmup_steps: 0.1, warmup_ratio: 0, maxSteps: 1, expected: 0 },
  ])('$warmup_steps and $warmup_ratio of $maxSteps: $expected', ({ expected, maxSteps, ...warmup }) => {
    expect(warmupSteps({ ...args, ...warmup }, maxSteps)).toBe(expected);
  });

  test.each(['linear', 'cosine', 'constant_with_warmup'] as const)('a run of one step learns: %s', (schedule) => {
    expectRates(rates({ lr_scheduler_type: schedule, warmup_ratio: 0.06 }, 1), [0.01]);
  });

  test('more warm-up than steps never reaches the full rate, and past the end the rate is 0', () => {
    expectRates(rates({ warmup_steps: 8 }, 4), [0, 0.00125, 0.0025, 0.00375]);
    expect(learningRateAt(args, 5, 4)).toBe(0);
  });
});
