import { execFile } from 'node:child_process';
import { isBuiltin } from 'node:module';
import { expect, test } from 'vitest';
import { comparisonTable, kindsTable } from '../../bench/compare/compare_report.mjs';
import { cpuSecondsOfTree } from '../../bench/compare/cpu_time.mjs';
import { bundle } from '../../bench/peers/bundle.mjs';
import { rotaryTables } from '../../bench/peers/problem.mjs';

const isLinux = process.platform === 'linux';

test.runIf(isLinux)('CPU time counts a process and its children, also children that have ended', async () => {
  const before = cpuSecondsOfTree(process.pid);
  const busy = 'const end = process.cpuUsage().user + 1e5; while (process.cpuUsage().user < end);';
  await new Promise((ended) => execFile(process.execPath, ['-e', busy], ended));
  const used = cpuSecondsOfTree(process.pid) - before;
  expect(used).toBeGreaterThan(0.09);
  expect(used).toBeLessThan(20);
});

test('CPU time of a missing process is NaN', () => {
  expect(cpuSecondsOfTree(2 ** 30)).toBeNaN();
});

test.each(['page', 'node'] as const)('a peer is bundled into one module, for a %s', async (platform) => {
  for (const peer of ['jax', 'tfjs']) {
    const code = await bundle(`${peer}_step.mjs`, platform);
    expect(code).toMatch(/export \{[^}]*\bcreateStep\b/);
    const imported = [...code.matchAll(/^import .*from ["']([^"']+)["']/gm)].map(([, name]) => name);
    expect(imported.filter((name) => platform === 'page' || !isBuiltin(name ?? ''))).toEqual([]);
  }
});

test('rotary angles: position times θ^(−2i/size)', () => {
  const config = {
    hidden_size: 8,
    intermediate_size: 8,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    vocab_size: 8,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
  };
  const { half, cos, sin } = rotaryTables(config, 4);
  expect(half).toBe(2);
  expect(cos).toHaveLength(8);
  expect(cos[3 * 2]).toBeCloseTo(Math.cos(3), 6);
  expect(sin[3 * 2 + 1]).toBeCloseTo(Math.sin(0.03), 6);
});

const side = {
  setup_seconds: 0.1,
  first_step_seconds: 2,
  wall_seconds: 0.5,
  cpu_seconds: 0.4,
  wall_samples: [0.5],
  cpu_samples: [0.4],
  losses: [6.25, 6.24],
  peak_gpu_bytes: 1e6,
  dispatches_per_step: 300,
};

test('the table shows the times of both sides, and their ratio', () => {
  const comparison = {
    case: 'tiny' as const,
    r: 64,
    rounds: 5,
    webvera: side,
    peer: { ...side, wall_seconds: 2, cpu_seconds: 1.2, dispatches_per_step: 1160 },
    ratio: { wall: 4, cpu: 3 },
    loss_difference: { first: 0, largest: 2e-7 },
  };
  const table = comparisonTable({ rival: 'jax-js', engine: 'Dawn', comparison });
  expect(table).toMatch(/^tiny, r 64, Dawn, 5 rounds in turns$/m);
  expect(table).toMatch(/^step, ms, median +500 +2000 +4\.00 ×$/m);
  expect(table).toMatch(/^CPU time, ms, median +400 +1200 +3\.00 ×$/m);
  expect(table).toMatch(/^dispatches per step +300 +1,160$/m);
  expect(table).toContain('Losses of 2 steps differ by at most 2.0e-7.');
});

test('the table of kinds compares each with VeRA, and with the last', () => {
  const kinds = { VeRA: 0.5, LoRA: 0.4, 'LoRA in jax-js': 2 };
  const sides = Object.entries(kinds).map(([name, wall_seconds]) => ({ ...side, name, wall_seconds }));
  const table = kindsTable({ engine: 'Dawn', comparison: { case: 'tiny', r: 64, rounds: 5, sides } });
  expect(table).toMatch(/^tiny, VeRA r 64, LoRA r 8, Dawn, 5 rounds in turns$/m);
  expect(table).toMatch(/^LoRA +400 +0\.80 × +5\.00 × +2\.10 +300 /m);
  expect(table).toMatch(/^LoRA in jax-js +2000 +4\.00 × +1\.00 × /m);
});

test('jax-js takes the steps of two kinds of adapters', async () => {
  expect(await bundle('jax_step.mjs', 'node')).toMatch(/export \{[^}]*\bcreateLoraStep\b/);
});
