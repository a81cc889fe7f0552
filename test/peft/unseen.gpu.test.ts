import { afterAll, expect, test } from 'vitest';
import { AutoModelForCausalLM } from '../../src/index';
import { goldenBase } from '../helpers/golden/golden';
import { openTestSession } from '../helpers/session/session';

const { session } = await openTestSession();
afterAll(() => session.close());

/**
 * The first label is predicted at the position of a padding token. That position attends to no token, so padding must
 * not affect the loss. In transformers, eager attention instead gives it the mean of all values, padding included.
 */
test.each(['llama', 'gemma2', 'falcon-alibi'])(
  '%s: a label after left padding has the same loss however far the row is padded',
  async (base) => {
    const model = await AutoModelForCausalLM.from_pretrained(goldenBase(`base/${base}`), { session });
    const lossOf = async (padding: number): Promise<number> => {
      const row = (fill: number, ...rest: readonly number[]) => [[...Array<number>(padding).fill(fill), ...rest]];
      const inputs = { input_ids: row(7, 5, 16, 37), attention_mask: row(0, 1, 1, 1), labels: row(-100, 5, 16, 37) };
      return (await model.forward(inputs)).loss!;
    };
    const [alone, near, far] = [await lossOf(0), await lossOf(2), await lossOf(9)];
    // With padding, the first label is predicted at a padding token's position. Without padding, it isn't predicted.
    expect(Math.abs(near - alone)).toBeGreaterThan(0.01);
    expect(far).toBeCloseTo(near, 4);
    await model.dispose();
  },
);
