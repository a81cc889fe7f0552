import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readAdapterConfig } from '../../../src/adapters/adapter_kinds';
import { writeAdapterConfig } from '../../../src/adapters/files/write_adapter';
import { LoraConfig, type LoraConfigInit } from '../../../src/adapters/lora/config/lora_config';
import { LORA_RULES } from '../../../src/adapters/lora/config/lora_rules';
import { patternValues } from '../../../src/adapters/lora/lora_patterns';
import { resolveLoraTargets } from '../../../src/adapters/lora/lora_targets';
import { DEFAULT_TARGETS } from '../../../src/adapters/targets/default_targets';
import type { Architecture } from '../../../src/models/architecture';
import { cpuTime } from '../../helpers/cpu_time';
import { moduleList } from '../../helpers/maths/module_lists';

function resolved(base: string, init: LoraConfigInit, isTied = false) {
  const { modules, facts } = moduleList(base);
  const { model_type, output_embedding } = facts;
  const model = {
    modules,
    weights: [],
    config: { model_type, tie_word_embeddings: isTied },
    head: { outputEmbedding: output_embedding },
  };
  const warnings: string[] = [];
  const targets = resolveLoraTargets(new LoraConfig(init), model as unknown as Architecture, ({ message }) =>
    warnings.push(message),
  );
  return { ...targets, warnings };
}

test("without target_modules PEFT's defaults for LoRA are taken", () => {
  expect(DEFAULT_TARGETS.phi).toEqual(['q_proj', 'v_proj', 'fc1', 'fc2']);
  const { config, modules } = resolved('base/llama', {});
  expect(config.target_modules).toEqual(['q_proj', 'v_proj']);
  expect(modules.size).toBe(4);
});

test("a model type without defaults is refused with LoRA's text", () => {
  expect(() => resolved('base/vit', {})).toThrow(
    expect.objectContaining({ message: 'Please specify `target_modules` or `target_parameters`in `peft_config`' }),
  );
});

test("a target that can't be wrapped is refused with LoRA's text", () => {
  expect(() => resolved('base/opt', { target_modules: ['self_attn'] })).toThrow(
    /is not supported. Currently, only the following modules are supported: `torch.nn.Linear`, `torch.nn.Embedding`/,
  );
});

test('an adapter for a tied layer is warned of in LoRA’s words, also for a head to save', () => {
  const tied = /a tied layer is part of the adapter, but `ensure_weight_tying` is not set to True\. This can lead/;
  expect(resolved('base/llama', { target_modules: ['q_proj'] }, true).warnings).toEqual([]);
  for (const init of [
    { target_modules: ['q_proj', 'lm_head'] },
    { target_modules: ['q_proj'], modules_to_save: ['lm_head'] },
    { target_modules: ['q_proj'], modules_to_save: ['model.embed_tokens'] },
  ])
    expect(resolved('base/llama', init, true).warnings).toEqual([expect.stringMatching(tied)]);
});

test.each([{ loftq_config: null }, { layer_replication: [] }, { target_parameters: [] }])(
  'a file with %j is read, because these fields turn a method off',
  (fields) => {
    const json = JSON.stringify({ peft_type: 'LORA', target_modules: ['q_proj'], ...fields });
    expect(readAdapterConfig(new TextEncoder().encode(json))).toMatchObject({ target_modules: ['q_proj'] });
    const other = JSON.stringify({ peft_type: 'LORA', layer_replication: [[0, 4]] });
    expect(() => readAdapterConfig(new TextEncoder().encode(other))).toThrow(/layer_replication/);
  },
);

describe('ranks and scales of single modules', () => {
  test('follow the first pattern that matches the end of a name', () => {
    const { modules } = resolved('base/llama', {
      r: 4,
      lora_alpha: 8,
      target_modules: ['q_proj', 'v_proj', 'down_proj'],
      rank_pattern: { 'layers.0.*.q_proj': 2, q_proj: 3 },
      alpha_pattern: { '^model.layers.1.mlp.down_proj': 1 },
    });
    const of = (end: string) => [...modules].find(([name]) => name.endsWith(end))?.[1];
    expect(of('layers.0.self_attn.q_proj')).toMatchObject({ r: 2, scale: 4 });
    expect(of('layers.1.self_attn.q_proj')).toMatchObject({ r: 3, scale: 8 / 3 });
    expect(of('layers.0.mlp.down_proj')).toMatchObject({ r: 4, scale: 2 });
    expect(of('layers.1.mlp.down_proj')).toMatchObject({ r: 4, scale: 1 / 4 });
  });

  test('are the same after a configuration was saved', () => {
    const alpha_pattern = { q_proj: 32, '.*_proj': 4 }; // if the keys were sorted, the second one would win
    const bytes = writeAdapterConfig(
      new LoraConfig({ r: 2, target_modules: ['q_proj', 'v_proj'], alpha_pattern }),
      LORA_RULES,
    );
    const saved = readAdapterConfig(bytes, { warn() {} }) as LoraConfig;
    const { modules } = resolved('base/llama', saved);
    expect(modules.get('model.layers.0.self_attn.q_proj')).toMatchObject({ scale: 16 });
    expect(modules.get('model.layers.0.self_attn.v_proj')).toMatchObject({ scale: 2 });
  });

  test('are stabilised by the root of the rank', () => {
    const { modules } = resolved('base/llama', { r: 16, lora_alpha: 8, use_rslora: true });
    expect([...modules.values()].map(({ scale }) => scale)).toEqual([2, 2, 2, 2]);
  });

  test("PEFT's warning names patterns that match nothing", () => {
    const { warnings } = resolved('base/llama', { rank_pattern: { zeros: 2, nothing: 3 }, alpha_pattern: { q: 1 } });
    expect(warnings).toEqual([
      "The following rank_pattern keys did not match any targeted module and were ignored: ['nothing', 'zeros'].",
      "The following alpha_pattern keys did not match any targeted module and were ignored: ['q'].",
    ]);
  });

  test('are refused above 10,000 entries, before any is compiled', () => {
    const patterns = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`(${i}`, 1]));
    expect(() => patternValues('alpha_pattern', patterns, [])).toThrow(
      expect.objectContaining({ code: 'limit_exceeded', message: expect.stringContaining('got 10001') }),
    );
  });

  test('match as Python’s re.match of (.*\\.)?(key)$ does, in the order of the entries', () => {
    const part = fc.constantFrom('a', 'b', '_', '-', '.', '1');
    const text = (of: fc.Arbitrary<string>) => fc.array(of, { minLength: 1, maxLength: 5 }).map((all) => all.join(''));
    const pieces = fc.constantFrom('a', 'b', '_', '-', '.', '\\.', '1', '.', 'a|b', '[ab]');
    const key = fc
      .tuple(fc.constantFrom('', '', '^'), text(pieces), fc.constantFrom('', '', '$'))
      .map((all) => all.join(''));
    const names = fc.uniqueArray(text(part), { maxLength: 20 });
    fc.assert(
      fc.property(fc.uniqueArray(key, { maxLength: 20 }), names, (keys, modules) => {
        const given = new Map(keys.map((one, at) => [one, at + 1]));
        const { values, warnings } = patternValues('rank_pattern', Object.fromEntries(given), modules);
        const ordered = Object.keys(Object.fromEntries(given)); // keys that are whole numbers come first in JavaScript
        const matches = (one: string, name: string) => new RegExp(`^(.*\\.)?(${one})$`).test(name);
        for (const name of modules) {
          const first = ordered.find((one) => matches(one, name));
          expect(values.get(name)).toBe(first === undefined ? undefined : given.get(first));
        }
        expect(warnings.length > 0).toBe(keys.some((one) => !modules.some((name) => matches(one, name))));
      }),
      { numRuns: 2000 },
    );
  });

  test.each<[string, (name: string) => string]>([
    ['its name', (name) => name],
    ['an end of its name', (name) => name.slice('model.'.length)],
    ['an expression of its name', (name) => `^${name.replaceAll('.', '\\.')}$`],
  ])('may be 10,000, one for each module by %s', (_, keyOf) => {
    const modules = Array.from({ length: 10_000 }, (_, i) => `model.layers.${i >> 7}.mlp.experts.${i & 127}.gate_proj`);
    const start = cpuTime();
    const patterns = Object.fromEntries(modules.map((name, i) => [keyOf(name), i]));
    const { values, warnings } = patternValues('rank_pattern', patterns, modules);
    expect(cpuTime() - start).toBeLessThan(1000);
    expect([...values].every(([name, value]) => modules[value] === name)).toBe(true);
    expect(values.size).toBe(10_000);
    expect(warnings).toEqual([]);
  });

  test('are refused as 10,000 names with unlike wildcards', () => {
    const patterns = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, i) => [i.toString(2).padStart(40, 'a').replaceAll('1', '.'), 1]),
    );
    const modules = Array.from({ length: 2000 }, (_, i) => `${i}`.padStart(40, 'a'));
    expect(() => patternValues('rank_pattern', patterns, modules)).toThrow(
      expect.objectContaining({ code: 'limit_exceeded' }),
    );
  });

  test('may be 2,000 expressions, one for each module of a few layers', () => {
    const modules = Array.from({ length: 20 }, (_, i) => `model.layers.${i}.mlp.up_proj`);
    const patterns = Object.fromEntries(
      Array.from({ length: 2000 }, (_, i) => [String.raw`model\.layers\.${i}\.mlp\.(up|down)_proj`, i]),
    );
    const { values } = patternValues('rank_pattern', patterns, modules);
    expect(values).toEqual(new Map(modules.map((name, i) => [name, i])));
  });

  test('are refused by what compiling them takes', () => {
    const patterns = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`(?:x{1000}){64}${i}`, 1]));
    const start = cpuTime();
    expect(() => patternValues('rank_pattern', patterns, ['q_proj'])).toThrow(
      expect.objectContaining({ code: 'limit_exceeded', message: expect.stringContaining('takes too much work') }),
    );
    expect(cpuTime() - start).toBeLessThan(1000);
  });

  test('take a bounded number of steps', () => {
    const patterns = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`(a|b|ab)*c{${i % 9}}d`, 1]));
    const modules = Array.from({ length: 300 }, (_, i) => `${'ab'.repeat(100)}${i}`);
    expect(() => patternValues('rank_pattern', patterns, modules)).toThrow(
      expect.objectContaining({ code: 'limit_exceeded' }),
    );
  });
});

test('lora_bias on layers without a bias gives PEFT’s warning, once for each type of layer', () => {
  const { warnings } = resolved('base/llama', { lora_bias: true });
  expect(warnings).toEqual([
    '`lora_bias=True` was passed but the targeted layer of type Linear has no bias. This means that merging LoRA ' +
      "weights won't be possible.",
  ]);
});
