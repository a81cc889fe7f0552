import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { ofRing, testInAll, testOnce } from '../helpers/ring';
import { finetuneIn } from './helpers/finetune_command';

const { folder, finetune, train, result } = finetuneIn();

beforeAll(async () => {
  await writeFile(join(folder, 'no_run.json'), '{}');
  await writeFile(join(folder, 'bad_run.json'), '{ "kernels": {} }');
});

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

testOnce(
  'a short run reports its progress and writes an adapter',
  async () => {
    const first = await train('first');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/\] 2\/2 {2}loss \d\.\d{3} {2}[\d,]+ tokens\/s {2}0:00 left/);
    expect(first.stdout).toMatch(/Perplexity on \d+ held-out tokens: [\d.]+ → [\d.]+ \([−+][\d.]+ %\)/);

    const model = await result('first', 'adapter_model.safetensors');
    const config = JSON.parse((await result('first', 'adapter_config.json')).toString());
    expect(config).toMatchObject({
      peft_type: 'VERA',
      r: 8,
      save_projection: false,
      base_model_name_or_path: 'prose-1.4M',
    });
    expect((await result('first', 'loss.svg')).toString()).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    const run = JSON.parse((await result('first', 'run.json')).toString());
    expect(run.settings).toMatchObject({ model: 'prose-1.4M', text: 'short.txt', max_steps: 2, r: 8, seed: 5 });
    expect(run.losses).toHaveLength(2);
    for (const loss of run.losses) expect(loss).toBeGreaterThan(2);
    expect(run.perplexity.before).toBeGreaterThan(10);
    expect(run.perplexity.after).not.toBe(run.perplexity.before);
    expect(run.device.browser).toMatch(/^Chrome \d+/);
    expect(run.seconds).toBeGreaterThan(0);
    expect(run.adapter.files[1]).toEqual({
      name: 'adapter_model.safetensors',
      bytes: model.length,
      sha256: sha256(model),
    });
  },
  600_000,
);

testInAll(
  '--export ends a run early, and writes what the rest goes on with in Python',
  async () => {
    // On a busy machine, some steps pass before the run pauses.
    const exporting = () => train('run-out', '--max_steps', '12', '--export', 'run', '--export_after', '2');
    expect(await exporting()).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('in Python') });
    const run = JSON.parse((await result('run', 'run.json')).toString());
    expect(run.training_arguments).toMatchObject({ max_steps: 12, warmup_steps: 3, seed: 5 });
    expect(run.step).toBeGreaterThanOrEqual(2);
    expect(run.step).toBeLessThan(12);
    const { losses } = JSON.parse((await result('run-out', 'run.json')).toString());
    const { log_history } = JSON.parse((await result('run', `${run.checkpoint}/trainer_state.json`)).toString());
    expect(log_history.map(({ loss }: { loss: number }) => loss)).toEqual(losses);
    expect(await result('run', `${run.checkpoint}/adapter_model.safetensors`)).toEqual(
      await result('run-out', 'adapter_model.safetensors'),
    );
    for (const name of ['train.py', 'train.jsonl', 'README.md']) expect(await result('run', name)).not.toHaveLength(0);
    expect(await exporting()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--export: expected an empty folder'),
    });
  },
  600_000,
);

testOnce(
  '--estimate trains nothing, and ends with 1 where it doesn’t fit',
  async () => {
    expect(await train('none', '--estimate', '--memory', '1')).toMatchObject({
      code: 1,
      stderr: '',
      stdout: expect.stringMatching(/GPU memory in all +[\d.]+ MiB\n[\s\S]*\nIt does not fit\. The run takes/),
    });
    await expect(result('none', 'run.json')).rejects.toThrow('ENOENT');
  },
  600_000,
);

const refused: readonly (readonly [readonly string[], string])[] = [
  [['--r', '0'], '--r must be a whole number'],
  [['--text', 'none.txt'], '--text: there is no file'],
  [['--model', 'none'], '--model: there is no folder'],
  [['--out', 'short.txt'], '--out: cannot write to the folder'],
  [['--kernels', 'none.json'], '--kernels: there is no file'],
  [['--kernels', 'short.txt'], '--kernels: expected default, tuned or a run.json'],
  [['--kernels', 'no_run.json'], 'says nothing of kernels'],
  [['--kernels', 'bad_run.json'], 'kernels: expected an object as adapter'],
  [['--target_modules', 'nothing_like_it'], 'target_modules'],
];
test.each(ofRing(refused))('%j ends with one clear line and exit code 2', async (args, message) => {
  const { code, stdout, stderr } = await finetune('--out', 'bad', ...args);
  expect(stderr).toMatch(/^finetune: [^\n]+\n$/);
  expect(stderr).toContain(message);
  expect({ code, progress: stdout.includes('Training') }).toEqual({ code: 2, progress: false });
});
