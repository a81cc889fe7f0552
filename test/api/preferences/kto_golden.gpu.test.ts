import { expect, test } from 'vitest';
import { type KTOConfig, KTOTrainer } from '../../../src/index';
import { expectGolden, goldenKto, loadPreferring } from '../../helpers/golden/golden_preferences';
import { within } from '../../helpers/session/session';

const { examples, max_length, rows } = goldenKto;
const cases = rows.map((row, index) => ({ title: `${row.base}, run ${index}`, row }));

test.each(cases)("ten steps of TRL's KTOTrainer: $title", async ({ row }) => {
  await within({}, async (opened) => {
    const model = await loadPreferring(opened, row);
    const given = row.args as unknown as KTOConfig;
    const args: KTOConfig = { ...given, max_length, shuffle: false, warmup_ratio: 0, save_strategy: 'no' };
    const run = new KTOTrainer({ model, train_dataset: examples, args }).train();
    await run;
    expect(opened.warnings.at(-1)).toBe('left_out');
    await expectGolden(row, await model.save_pretrained(), run.state.log_history);
  });
});
