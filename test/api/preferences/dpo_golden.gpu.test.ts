import { expect, test } from 'vitest';
import { type DPOConfig, DPOTrainer } from '../../../src/index';
import { expectGolden, goldenDpo, loadPreferring } from '../../helpers/golden/golden_preferences';
import { within } from '../../helpers/session/session';

const { examples, max_length, rows } = goldenDpo;
const cases = rows.map((row, index) => ({ title: `${row.base}, ${row.args.loss_type}, run ${index}`, row }));

test.each(cases)("ten steps of TRL's DPOTrainer: $title", async ({ row }) => {
  await within({}, async (opened) => {
    const model = await loadPreferring(opened, row);
    const { label_smoothing, ...given } = row.args as unknown as DPOConfig;
    const smoothing = given.loss_type === 'robust' ? { label_smoothing: label_smoothing ?? 0 } : {};
    const args: DPOConfig = {
      ...given,
      ...smoothing,
      max_length,
      shuffle: false,
      warmup_ratio: 0,
      save_strategy: 'no',
    };
    const run = new DPOTrainer({ model, train_dataset: examples, args }).train();
    await run;
    // The last pair is left out, because its prompt fills max_length.
    expect(opened.warnings.at(-1)).toBe('left_out');
    await expectGolden(row, await model.save_pretrained(), run.state.log_history);
  });
});
