import { afterAll, beforeAll, expect, test } from 'vitest';
import { type StepLogs, Trainer, type TrainingArguments } from '../../src/index';
import { loadVera, openTestSession, type TestSession } from '../helpers/session/session';

let opened: TestSession;
beforeAll(async () => {
  opened = await openTestSession();
});
afterAll(() => opened.session.close());

/** Examples that together fit into each model's context. In every kernel, some of them begin in the middle of a tile. */
const examples = [5, 16, 1, 3, 11].map((length, index) => ({
  input_ids: Array.from({ length }, (_, t) => 3 + ((7 * index + 5 * t) % 40)),
}));
const all = examples.reduce((sum, { input_ids }) => sum + input_ids.length, 0);

async function train(name: string, args: TrainingArguments): Promise<StepLogs[]> {
  const model = await loadVera(opened, name);
  const given = { learning_rate: 0.02, max_steps: 4, shuffle: false, max_length: all, ...args };
  const logs: StepLogs[] = [];
  for await (const event of new Trainer({ model, args: given, train_dataset: examples }).train()) {
    if (event.type === 'log') logs.push(event.logs);
  }
  return logs;
}

// The first model has rotary positions, the second has learned ones, the third has learned ones that don't count padding, and the fourth
// has convolutions.
test.each(['llama_layer0_small', 'gpt2_layer1_small', 'opt_bias_mid', 'lfm2_left_mid'])(
  '%s learns from packed examples like from the same ones in separate rows',
  async (name) => {
    const packed = await train(name, { packing: true, per_device_train_batch_size: 1 });
    const apart = await train(name, { per_device_train_batch_size: examples.length });
    expect(packed).toHaveLength(4);
    packed.forEach(({ loss, grad_norm }, step) => {
      // Sums are computed in another order. The optimiser divides by small gradients, which amplifies the difference with
      // each step.
      expect(Math.abs(loss - (apart[step]?.loss ?? 0)), `loss of step ${step + 1}`).toBeLessThan(2e-5);
      expect(grad_norm / (apart[step]?.grad_norm ?? 0), `norm of step ${step + 1}`).toBeCloseTo(1, 4);
    });
    expect(packed.at(-1)?.loss).not.toBeCloseTo(packed[0]?.loss ?? 0, 2);
  },
);
