import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { benchReport, NOTHING_MEASURED } from '../../bench/report/bench_report.mjs';
import { ALL_CASES } from '../../bench/workload/cases.mjs';
import { describeWithPeft } from './lib/peft';
import { runFreshPython } from './lib/python';

const bench = fileURLToPath(new URL('../../bench/peers/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'webvera-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the script without Python's warnings. */
async function run(...args: readonly string[]): Promise<{ readonly code: number | null; readonly printed: string }> {
  const { code, output } = await runFreshPython(bench, args, { env: { PYTHONWARNINGS: 'ignore' } });
  return { code, printed: output };
}

/** Writes a benchmark report in which a step with r = 64 takes 250 ms. Returns the report's path. */
function documentOf(name: 'tiny' | 'small'): string {
  const device = { vendor: 'nvidia', architecture: '', description: 'NVIDIA H100', fallback: false, features: [] };
  const metrics = { step_seconds_median: 0.25, step_seconds_min: 0.2, flops_per_step: 1e9 };
  const measured = { ...NOTHING_MEASURED, version: '1.2.3', trainings: [{ r: 64, trainable: 5240, metrics }], device };
  const report = benchReport({ name, length: 128, adapter: 'gpu', engine: 'Dawn in Node 20' }, measured);
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(report));
  return path;
}

describeWithPeft("the benchmark's step in PEFT", () => {
  test('has the shapes, ranks, targets and configurations of the benchmark', async () => {
    const told =
      'import json, peft_step; from dataclasses import asdict\n' +
      'print(json.dumps({name: [asdict(case), peft_step.targets_of(case), peft_step.config_of(case).to_dict()]\n' +
      '  for name, case in peft_step.CASES.items()}))';
    const { code, printed } = await run('-c', told);
    expect(code, printed).toBe(0);
    const cases = JSON.parse(printed.slice(printed.indexOf('{"tiny"')));
    const { bundled: _, ...expected } = ALL_CASES;
    expect(Object.keys(cases)).toEqual(Object.keys(expected));
    for (const [name, { shape, length, batch, ranks, targets, files }] of Object.entries(expected)) {
      const [one, targetModules, config] = cases[name];
      expect(one).toMatchObject({ shape: { ...shape, length, batch }, ranks });
      expect(targetModules).toEqual(targets);
      const model = await files(length, () => Promise.reject(new Error('it comes with nothing')));
      const text = (await model.get('config.json')?.text()) ?? '';
      const { architectures: _, torch_dtype: __, rope_theta, ...same } = JSON.parse(text);
      expect(config).toMatchObject({ ...same, use_cache: false });
      expect(config.rope_parameters?.rope_theta).toBe(rope_theta);
    }
  });

  test('prints a median, and how many times as long webvera takes', async () => {
    const args = ['peft_step.py', '--device', 'cpu', '--rounds', '1', '--against', documentOf('tiny')];
    const { code, printed } = await run(...args, '--json');
    expect(code, printed).toBe(0);
    const document = JSON.parse(printed.slice(printed.indexOf('{\n')));
    const { shape, batch } = ALL_CASES.tiny;
    expect(document).toMatchObject({
      case: 'tiny',
      dtype: 'f32',
      device: { type: 'cpu' },
      shape: { ...shape, batch, length: 128 },
      rounds: 1,
      runs: [{ r: 64, trainable: 5240 }],
      against: { webvera: '1.2.3', engine: 'Dawn in Node 20', runs: [{ r: 64, webvera_ms: 250 }] },
    });
    const [{ ms_per_step, tokens_per_second }] = document.runs;
    expect(ms_per_step.median).toBeGreaterThan(0);
    expect(tokens_per_second).toBeCloseTo((batch * 128) / (ms_per_step.median / 1000), 3);
    expect(document.against.runs[0].ratio).toBeCloseTo(250 / ms_per_step.median, 9);
  });

  test('prints lines, and takes a model in bfloat16', async () => {
    const args = '--device cpu --dtype bf16 --length 64 --r 8 --rounds 1'.split(' ');
    const { code, printed } = await run('peft_step.py', ...args);
    expect(code, printed).toBe(0);
    expect(printed).toMatch(/^tiny on cpu \(\d+ threads\), bf16, PEFT [\d.]+, PyTorch \S+$/m);
    expect(printed).toMatch(/^r 8: [\d.]+ ms a step of 4 × 64 tokens, [\d,]+ tokens\/s$/m);
  });

  test('refuses to compare what is not the same, in one line', async () => {
    const against = ['peft_step.py', '--device', 'cpu', '--against'];
    const none = join(folder, 'none.json');
    writeFileSync(none, '{}');
    for (const [args, message] of [
      [[documentOf('small'), '--case', 'tiny'], /^peft_step: --against: its shape is /m],
      [[documentOf('tiny'), '--r', '32'], /^peft_step: --against: it has trainings of r \[64\], not \[32\]$/m],
      [[none], /^peft_step: --against: \S+ is no document of the benchmark: KeyError\('runs'\)$/m],
    ] as const) {
      const { code, printed } = await run(...against, ...args);
      expect({ code, printed }).toMatchObject({ code: 2, printed: expect.stringMatching(message) });
    }
  });
});
