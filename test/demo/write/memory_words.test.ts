import { expect, test } from 'vitest';
import { formatDuration } from '../../../demo/src/page/format';
import { memoryInWords } from '../../../demo/src/write/teach/memory_words';
import { checkSettings, defaultSettings, toTrainingArguments } from '../../../demo/src/write/teach/settings';

const part = { weights: 0, adapter: 0, optimizer: 0, activations: 0, workspace: 0, largest_buffer: 0 };
const gpu = { ...part, total: 211_400_000 };
const card = { software: false };

test('a training that fits gets a short text', () => {
  expect(memoryInWords({ gpu, verdict: 'fits', suggestions: [] }, card)).toEqual({
    text: 'Learning takes about 211 MB of the graphics card’s memory.',
    isWarning: false,
  });
});

test('without a graphics card the text names none', () => {
  const processor = { software: true };
  expect(memoryInWords({ gpu, verdict: 'fits', suggestions: [] }, processor).text).toBe(
    'Learning takes about 211 MB of memory.',
  );
  expect(memoryInWords({ gpu, verdict: 'tight', suggestions: [] }, processor).text).not.toContain('graphics card');
});

test('the time is included if it is known', () => {
  expect(memoryInWords({ gpu, verdict: 'fits', suggestions: [] }, { ...card, seconds: 95 }).text).toBe(
    `Learning takes about ${formatDuration(95)} on this device, and about 211 MB of the graphics card’s memory.`,
  );
});

test.each([
  [
    [{ per_device_train_batch_size: 1, gradient_accumulation_steps: 2 }],
    'To take less, set Batch to 1 in the settings.',
  ],
  [
    [{ per_device_train_batch_size: 1 }, { gradient_checkpointing: true }],
    'To take less, set Batch to 1 or switch on Save memory in the settings.',
  ],
  [
    [{ per_device_train_batch_size: 1, max_length: 1024, gradient_checkpointing: true }],
    'To take less, set Batch to 1, set Length to 1,024, and switch on Save memory in the settings.',
  ],
  [[], 'A smaller model takes less.'],
])('a training that doesn’t fit gets a warning that suggests settings: %j', (suggestions, advice) => {
  const { text, isWarning } = memoryInWords({ gpu, verdict: 'does-not-fit', suggestions }, card);
  expect([isWarning, text]).toEqual([
    true,
    `Learning does not fit: it would take about 211 MB of the graphics card’s memory, more than there is. ${advice}`,
  ]);
  expect(memoryInWords({ gpu, verdict: 'tight', suggestions }, card).text).toBe(
    `Learning takes about 211 MB of the graphics card’s memory, which may be more than there is. ${advice}`,
  );
});

test('gradient checkpointing is off for stored runs that lack the setting', () => {
  const raw = { ...defaultSettings, lr_scheduler_type: 'linear' };
  const texts = Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, String(value)]));
  const read = (gradient_checkpointing?: string) =>
    checkSettings({ ...texts, target_modules: ['q_proj'], gradient_checkpointing } as unknown as Parameters<
      typeof checkSettings
    >[0]).settings;
  expect(read('true')).toMatchObject({ gradient_checkpointing: true });
  expect(read()).toEqual({ ...defaultSettings, target_modules: ['q_proj'] });
  expect(toTrainingArguments({ ...defaultSettings, gradient_checkpointing: true })).toMatchObject({
    gradient_checkpointing: true,
  });
});
