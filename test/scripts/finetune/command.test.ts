import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { runFinetune } from '../../../scripts/finetune/command.mjs';
import { readSettings, SETTING_FLAGS } from '../../../scripts/finetune/settings.mjs';

const folder = mkdtempSync(join(tmpdir(), 'webvera-test-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => void vi.restoreAllMocks());

test('a run that breaks off after its training leaves the adapter and the exported run', async () => {
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  const text = join(folder, 'text.txt');
  writeFileSync(text, 'It was the whale. '.repeat(500));
  const defaults = Object.entries(SETTING_FLAGS).map(([name, flag]) => [
    name,
    'default' in flag ? flag.default : undefined,
  ]);
  const settings = readSettings(
    { ...Object.fromEntries(defaults), target_modules: 'all-linear' },
    { model: 'model', text: 'text.txt' },
  );
  const [out, run] = [join(folder, 'out'), join(folder, 'run')];
  const command = {
    text,
    out,
    kernels: 'default',
    exporting: { path: run, after: 2 },
    estimating: undefined,
    settings,
  };
  const running = runFinetune(command, {
    estimate: () => Promise.reject(new Error('not asked')),
    async train(_, { onTrained }) {
      const files = new Map([
        ['adapter_config.json', new Blob(['{}'])],
        ['adapter_model.safetensors', new Blob(['weights'])],
      ]);
      await onTrained({ files, exported: new Map([['train.py', new Blob(['print()'])]]) });
      throw new Error('the measurements break off');
    },
  });
  await expect(running).rejects.toThrow('the measurements break off');
  expect(readdirSync(out).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
  expect(readFileSync(join(out, 'adapter_model.safetensors'), 'utf8')).toBe('weights');
  expect(readdirSync(run)).toEqual(['train.py']);
  expect(print.mock.calls.flat()).toContainEqual(expect.stringMatching(/adapter_model\.safetensors {2}7 B$/));
});
