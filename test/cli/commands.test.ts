import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

import { readConfig } from '../../scripts/cli/generate.mjs';
import { inWords } from '../../scripts/cli/inspect.mjs';
import { resolveGenerationConfig } from '../../src/page/models/remote_generation';

const path = (relative: string): string => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const model = path('demo/public/models/prose-1.4M');
const adapters = path('test/golden/cases/llama_qvud_big');
const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'short.txt'), 'Too short to learn.');
writeFileSync(join(folder, 'text.txt'), 'It was the whale. '.repeat(500));
writeFileSync(join(folder, 'cut.safetensors'), Buffer.from([200, 0, 0, 0, 0, 0, 0, 0, 123]));
writeFileSync(join(folder, 'lies.safetensors'), header('{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}'));

const odd = '{"a":{"dtype":"F32","shape":["x"],"data_offsets":[-5,4]}}';
writeFileSync(join(folder, 'odd.safetensors'), Buffer.concat([header(odd), Buffer.alloc(4)]));
const named = '{"\\u001b[31m":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
writeFileSync(join(folder, 'named.safetensors'), Buffer.concat([header(named), Buffer.alloc(4)]));
for (const [name, shard] of [
  ['shards', '3'],
  ['elsewhere', '"../lies.safetensors"'],
] as const) {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'config.json'), '{}');
  writeFileSync(join(folder, name, 'model.safetensors.index.json'), `{ "weight_map": { "a": ${shard} } }`);
}
// The library reads the single file, too, not the index that is left of earlier shards.
mkdirSync(join(folder, 'merged'));
writeFileSync(join(folder, 'merged/config.json'), '{ "model_type": "llama" }');
writeFileSync(join(folder, 'merged/model.safetensors.index.json'), '{ "weight_map": { "a": "gone.safetensors" } }');
writeFileSync(join(folder, 'merged/model.safetensors'), Buffer.concat([header(named), Buffer.alloc(4)]));
mkdirSync(join(folder, 'hollow/model.safetensors'), { recursive: true });
writeFileSync(join(folder, 'hollow/config.json'), '{}');

function header(json: string): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, Buffer.from(json)]);
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function webvera(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [path('scripts/cli/main.mjs'), ...args], { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test('help lists the commands', async () => {
  for (const args of [[], ['--help']]) {
    expect(await webvera(...args)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('webvera COMMAND --help'),
    });
  }
  for (const name of ['finetune', 'generate', 'inspect', 'bench']) {
    const { code, stdout } = await webvera(name, '--help');
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining(`  webvera ${name} `) });
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(95);
  }
});

test.each([
  ['webvera', ['tune'], 'there is no command tune, but finetune, generate, inspect, bench'],
  ['webvera', ['constructor'], 'there is no command constructor'],
  ['webvera finetune', ['--text', 'text.txt'], '--model is missing'],
  ['webvera finetune', ['--model', model], '--text is missing'],
  ['webvera finetune', ['--model', 'none', '--text', 'text.txt'], 'there is no folder none'],
  ['webvera finetune', ['--model', './none/a.gguf', '--text', 'text.txt'], 'there is no file ./none/a.gguf'],
  ['webvera finetune', ['--model', model, '--text', 'text.txt', '--export', './out/'], 'another folder than --out'],
  ['webvera finetune', ['--model', '.', '--text', 'text.txt'], 'has no config.json, tokenizer.json, model.safetensors'],
  ['webvera finetune', ['--model', model, '--text', 'none.txt'], '--text: there is no file'],
  ['webvera finetune', ['--model', model, '--text', 'short.txt'], 'has 19 characters'],
  ['webvera finetune', ['--model', model, '--text', 'text.txt', '--r', 'four'], '--r must be a whole number'],
  ['webvera finetune', ['--model', model, '--memory', '512'], '--memory needs --estimate'],
  ['webvera finetune', ['--model', 'none', '--estimate'], 'there is no folder none'],
  [
    'webvera finetune',
    ['--model', model, '--steps', '4'],
    "Unknown option '--steps'. Did you mean --max_steps? Known options: --model",
  ],
  ['webvera generate', ['--model', model], '--prompt is missing'],
  ['webvera generate', ['--model', model, '--prompt', 'x', '--top_k', '1.5'], '--top_k must be a whole number'],
  [
    'webvera generate',
    ['--model', model, '--prompt', 'x', '--temperature', '101'],
    '--temperature must be 0 or a number',
  ],
  [
    'webvera generate',
    ['--model', model, '--prompt', 'x', '--top_p', '2'],
    '--top_p must be a number above 0 and at most 1',
  ],
  [
    'webvera generate',
    ['--model', model, '--prompt', '- Buy milk'],
    "'--prompt' argument is ambiguous. Write --prompt=VALUE if the value begins with a dash",
  ],
  ['webvera inspect', [], 'expected one path, got 0'],
  ['webvera inspect', ['none'], 'there is no none'],
  ['webvera inspect', ['.'], 'has neither adapter_config.json nor config.json'],
  ['webvera inspect', ['short.txt'], 'short.txt is no safetensors file'],
  ['webvera inspect', ['cut.safetensors'], 'cut.safetensors is no safetensors file'],
  ['webvera inspect', ['lies.safetensors'], 'lies.safetensors is damaged'],
  ['webvera inspect', ['odd.safetensors'], 'odd.safetensors is damaged'],
  ['webvera inspect', ['shards'], 'names 3, which is no file beside it'],
  ['webvera inspect', ['elsewhere'], 'names "../lies.safetensors", which is no file beside it'],
  ['webvera inspect', ['hollow'], 'model.safetensors is no file'],
  ['webvera bench', ['--case', 'bundled'], '--case must be tiny or small or opt-125m'],
])('%s %j ends with one clear line and exit code 2', async (name, args, message) => {
  const { code, stdout, stderr } = await webvera(...name.split(' ').slice(1), ...args);
  expect(stderr).toMatch(new RegExp(`^${name}: [^\n]+\n$`));
  expect(stderr).toContain(message);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
});

test("a file's text is shown, and never executed", async () => {
  const { code, stdout } = await webvera('inspect', 'named.safetensors');
  expect(code).toBe(0);
  expect(stdout).toContain('\\x1b[31m');
  expect(stdout).not.toContain('\u001b');
});

test.each([
  [{}, { do_sample: false }],
  [{ temperature: '0' }, { do_sample: false, temperature: 0 }],
  [
    { temperature: '0', top_k: '40' },
    { do_sample: false, top_k: 40 },
  ],
  [
    { temperature: '0.7', top_k: '0' },
    { do_sample: true, temperature: 0.7, top_k: 0 },
  ],
  [{ top_k: '0' }, { do_sample: true, top_k: 0 }],
])('generate samples by %j as a LanguageModel does', (flags, config) => {
  const read = readConfig({ max_new_tokens: '4', seed: '1', ...flags });
  expect(resolveGenerationConfig(read)).toMatchObject(config);
});

test('each command has help of its own', async () => {
  for (const flag of ['--help', '-h'])
    expect((await webvera('generate', flag)).stdout).toContain('webvera generate --model');
});

test('inspect describes an adapter', async () => {
  const { stdout } = await webvera('inspect', join(adapters, 'adapter'), '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    kind: 'an adapter: VERA',
    facts: { projections: 'A and B are in the file', 'adapted modules': expect.any(Number), dtypes: ['F32'] },
    tensors: [],
  });
  const drawn = await webvera('inspect', join(adapters, 'adapter_noproj'), '--tensors');
  expect(drawn.stdout).toMatch(/^an adapter: VERA\n/);
  expect(drawn.stdout).toMatch(/projections +drawn from key \d+\n/);
  expect(drawn.stdout).toMatch(/q_proj\.vera_lambda_b +F32 +\[\d+\] +\d+ B\n/);
});

test('inspect describes a model and a file', async () => {
  const { stdout } = await webvera('inspect', model);
  expect(stdout).toMatch(/^a model: llama\n/);
  for (const fact of [/layers +6\n/, /vocabulary +2,048\n/, /dtypes +F16\n/, /tokenizer +yes\n/]) {
    expect(stdout).toMatch(fact);
  }
  const file = await webvera('inspect', join(model, 'model.safetensors'), '--json');
  const { tensors } = JSON.parse(file.stdout);
  expect(tensors).toContainEqual({
    name: 'model.embed_tokens.weight',
    dtype: 'F16',
    shape: [2048, 128],
    bytes: 2 * 2048 * 128,
  });
});

test('inspect describes the file that the library loads', async () => {
  const { stdout } = await webvera('inspect', 'merged', '--json', '--tensors');
  expect(JSON.parse(stdout)).toMatchObject({ facts: { files: 1 }, tensors: [{ dtype: 'F32', shape: [1] }] });
});

test.each([
  ['bytes', 2048, '2.0 kB'],
  ['vocabulary', 2048, '2,048'],
  ['layer_norm_rms_epsilon', 1e-5, '0.00001'],
  ['tokenizer', true, 'yes'],
  ['architectures', ['A', 'B'], 'A, B'],
])('inspect prints %s %j as %s', (name, value, printed) => {
  expect(inWords(name, value)).toBe(printed);
});
