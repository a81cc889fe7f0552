import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { cases, exportAt, modelFolder, scratch, withNorm } from './lib/exported';
import { describeWithPeft } from './lib/peft';
import { type Outcome, runFreshPython, runPython } from './lib/python';

function messageOf({ code, output }: Outcome): string {
  expect(code, output).toBe(1);
  return output;
}

describeWithPeft('what Python refuses, before it trains', () => {
  const one = cases.llama!;
  let exported: { readonly folder: string };
  beforeAll(async () => {
    exported = await exportAt(one, 2);
  });
  const refused = async (args: readonly string[], options = {}, folder?: string) =>
    messageOf(await runPython(folder ?? exported.folder, ['train.py', ...args], options));

  test.each([
    [
      'of another architecture',
      'gpt2',
      /gpt2 isn't the model of this run: expected model\.\S+ of shape \[96, \d+\], got None/,
    ],
    ['of other sizes', 'llama3-tied', /isn't the model of this run: expected .* of shape/],
    [
      'with other key heads',
      'llama-bf16',
      /isn't the model of this run: expected \S+k_proj\.weight of shape \[16, 32\], got \[32, 32\]/,
    ],
  ])('a base model %s', async (_, base, message) => {
    expect(await refused(['--model', modelFolder(base)])).toMatch(message);
  });

  test('a base model of the same shapes, in which one vector differs', async () => {
    const folder = withNorm(one.base, (x) => 1.05 * x);
    expect(await refused(['--model', folder])).toMatch(
      /isn't the model of this run: expected model\.norm\.weight to begin with tensor\(\[[^\]]+\]\), got tensor/,
    );
  });

  test.each([null, ''])('no base model, named %j in the configuration', async (base_model_name_or_path) => {
    const folder = mkdtempSync(join(scratch, 'unnamed-'));
    cpSync(exported.folder, folder, { recursive: true });
    const [checkpoint] = readdirSync(folder).filter((file) => file.startsWith('checkpoint-'));
    const path = join(folder, checkpoint!, 'adapter_config.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), base_model_name_or_path }));
    const run = base_model_name_or_path === null ? runFreshPython : runPython;
    const { code, output } = await run(folder, ['train.py']);
    expect(code, output).toBe(2);
    expect(output).toContain('the following arguments are required: --model');
  });

  test('rows that processes or devices cannot share', async () => {
    const model = modelFolder(one.base);
    expect(await refused(['--model', model, '--per_device_train_batch_size', '3'])).toContain(
      "expected a divisor of 4, a process's rows of a step, got 3",
    );
    expect(await refused(['--model', model], { env: { WORLD_SIZE: '3' } })).toContain(
      "3 processes can't share the 4 rows of a step: start a number that divides 4.",
    );
  });

  test('an older PEFT, before anything of it is imported', async () => {
    // The package's metadata says which release is installed.
    const site = mkdtempSync(join(scratch, 'site-'));
    mkdirSync(join(site, 'peft-0.17.0.dist-info'));
    writeFileSync(join(site, 'peft-0.17.0.dist-info/METADATA'), 'Metadata-Version: 2.1\nName: peft\nVersion: 0.17.0\n');
    mkdirSync(join(site, 'peft'));
    writeFileSync(join(site, 'peft/__init__.py'), 'raise ImportError("an old release")\n');
    const command = ['train.py', '--model', modelFolder(one.base)];
    expect(messageOf(await runFreshPython(exported.folder, command, { env: { PYTHONPATH: site } }))).toMatch(
      /train\.py needs peft>=\S+, and 0\.17\.0 is installed\. Run: pip install -r requirements\.txt/,
    );
  });

  test('a fresh environment, with what to do', async () => {
    const outcome = await runFreshPython(exported.folder, ['-S', 'train.py', '--model', modelFolder(one.base)]);
    expect(messageOf(outcome).trim()).toBe(
      "train.py needs packages that aren't installed. Run: pip install -r requirements.txt",
    );
  });

  test('a checkpoint of other parameters', async () => {
    const { folder } = await exportAt(one, 2);
    const [name] = readdirSync(folder).filter((file) => file.startsWith('checkpoint-'));
    const path = join(folder, name!, 'optimizer.safetensors');
    const bytes = readFileSync(path).toString('latin1').replace('layers.1.mlp', 'layers.9.mlp');
    writeFileSync(path, Buffer.from(bytes, 'latin1'));
    expect(await refused(['--model', modelFolder(one.base)], {}, folder)).toContain(
      'is of other parameters than train here',
    );
  });
});
