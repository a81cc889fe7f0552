import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { minimalTargets } from '../../../src/adapters/targets/minimal_targets';
import type { NamedModule } from '../../../src/adapters/targets/targets';
import { VeraConfig, type VeraConfigInit } from '../../../src/adapters/vera/config/vera_config';
import { resolveVeraTargets, type VeraModelFacts } from '../../../src/adapters/vera/vera_targets';
import { moduleList } from '../../helpers/maths/module_lists';
import { DECODERS } from '../../helpers/models/decoders';
import { invalid } from '../vera/config_errors';
import { linear, ownModules, wrappedOf } from './target_names';

interface Row {
  readonly base: string;
  readonly config: VeraConfigInit;
  readonly task_type: 'CAUSAL_LM' | 'SEQ_CLS' | null;
  readonly wrapped: readonly string[] | null;
  readonly resolved_target_modules: readonly string[] | string | null;
  readonly modules_to_save: readonly string[] | null;
  readonly projection_shapes: readonly [readonly number[], readonly number[]] | null;
  readonly warnings?: readonly string[];
  readonly error?: { readonly message: string };
}

const rows = JSON.parse(readFileSync('test/golden/targeting.json', 'utf8')).rows as readonly Row[];

const bases = [...new Set(rows.map(({ base }) => base))];
/** The base models whose families webvera supports. */
const built = [...DECODERS.map(({ name }) => `base/${name}`), 'base/opt-postnorm', 'base/vit'];

describe.each([
  ...bases.map((base) => [base, "torch's modules", moduleList(base)] as const),
  ...built.map((base) => [base, 'the modules of its own model', ownModules(base)] as const),
])('PEFT on %s, by %s', (base, _, { modules, facts }) => {
  test.each(rows.filter((row) => row.base === base).map((row) => [JSON.stringify(row.config), row] as const))(
    '%s',
    (_, row) => {
      const warnings: string[] = [];
      const warn: VeraModelFacts['warn'] = ({ message }) => warnings.push(message);
      const resolve = () =>
        resolveVeraTargets(new VeraConfig({ ...row.config, r: 2, task_type: row.task_type }), modules, {
          ...facts,
          warn,
        });
      if (row.error !== undefined) {
        expect(resolve).toThrow(invalid(row.error.message));
        return;
      }
      const { config, modules: wrapped, max_in, max_out } = resolve();
      expect(wrapped.map(({ name }) => name)).toEqual(row.wrapped);
      expect(sorted(config.target_modules)).toEqual(row.resolved_target_modules);
      expect(config.modules_to_save).toEqual(row.modules_to_save);
      expect([
        [2, max_in],
        [max_out, 2],
      ]).toEqual(row.projection_shapes);
      expect(warnings).toEqual(row.warnings ?? []);
    },
  );
});

function sorted(targets: VeraConfig['target_modules']): VeraConfig['target_modules'] {
  return targets === null || typeof targets === 'string' ? targets : [...targets].sort();
}

describe('names', () => {
  test.each<[string, VeraConfigInit, boolean]>([
    ['foo', { target_modules: ['foo'] }, true],
    ['foo', { target_modules: ['oo'] }, false],
    ['foo', { target_modules: '.*oo' }, true],
    ['foo', { target_modules: 'oo' }, false],
    ['a.foobar', { target_modules: 'a.foo|b' }, false],
    ['a.b.1.c', { target_modules: ['c'], layers_to_transform: [1], layers_pattern: ['b'] }, true],
    ['a.b.1.c', { target_modules: ['c'], layers_to_transform: [0], layers_pattern: ['b'] }, false],
    ['a.b.10.c', { target_modules: ['c'], layers_to_transform: [1], layers_pattern: ['b'] }, false],
    ['a.b.1.c', { target_modules: ['c'], layers_to_transform: [1], layers_pattern: [] }, true],
    ['a.b.1.c', { target_modules: ['c'], layers_to_transform: [0], layers_pattern: '' }, false],
    ['a.b.1.c', { target_modules: ['c'], layers_to_transform: [] }, true],
    ['a.b.1.c', { target_modules: ['c'], layers_to_transform: 1, layers_pattern: 'a' }, false],
    ['b.1.c', { target_modules: ['c'], layers_to_transform: 1, layers_pattern: 'b' }, true],
    ['a.b.1.c', { target_modules: ['c'], layers_to_transform: 1, layers_pattern: 'a.b' }, true],
    ['ab.1.c', { target_modules: ['c'], layers_to_transform: 1, layers_pattern: 'b' }, false],
    ['b.1.b.2.c', { target_modules: ['c'], layers_to_transform: 1, layers_pattern: 'b' }, true],
    ['a.b.1.c', { target_modules: ['c'], layers_to_transform: 1, layers_pattern: '(a|b)' }, true],
    ['a.b.1.c', { target_modules: ['c'], layers_to_transform: 1, layers_pattern: 'b|h' }, false],
    ['a.b.1.c', { target_modules: ['c'], layers_to_transform: 1, layers_pattern: ['h', 'b'] }, true],
    ['a.b.001.c', { target_modules: ['c'], layers_to_transform: 1, layers_pattern: 'b' }, true],
    ['a.b.1.e.2.c', { target_modules: ['c'], layers_to_transform: 1 }, true],
    ['a.b.2.e.1.c', { target_modules: ['c'], layers_to_transform: 1 }, false],
    ['a.b.2.c', { target_modules: ['a.b.2.c'], layers_to_transform: 1 }, true],
    ['a.b.2.c', { target_modules: 'a.*', layers_to_transform: 1 }, true],
    ['a.head', { target_modules: '.*', modules_to_save: ['head'] }, false],
    ['head.c', { target_modules: '.*', modules_to_save: ['head'] }, false],
    ['a.ahead', { target_modules: '.*', modules_to_save: ['head'] }, true],
  ])('%s under %j: %s', (name, init, matches) => {
    // A configuration that matches no module is refused, so this one also matches another module.
    const modules = [linear(name), linear('always.0.x.y')];
    const target_modules =
      typeof init.target_modules === 'string'
        ? `(?:${init.target_modules})|always.*`
        : [...(init.target_modules ?? []), 'always.0.x.y'];
    expect(wrappedOf({ ...init, target_modules }, modules)).toEqual(
      matches ? [name, 'always.0.x.y'] : ['always.0.x.y'],
    );
  });
});

describe("Python's expressions", () => {
  test.each([
    ['(?P<block>q|k)_(?P=block)', 'q_q', 'q_k'],
    ['\\Aq\\Z', 'q', 'qq'],
    ['a\\.\\d+\\-\\_b', 'a.12-_b', 'a.x-_b'],
    ['a|bc', 'bc', 'ac'],
  ])('%s', (target_modules, yes, no) => {
    expect(wrappedOf({ target_modules }, [linear(yes), linear(no)])).toEqual([yes]);
  });

  test.each(['(', '[', 'a**', '\\q', '\\p{L}', '(?i)q', '(?P<a'])('refuses %s', (target_modules) => {
    expect(() => wrappedOf({ target_modules }, [linear('q')])).toThrow(
      invalid(`target_modules: expected a regular expression, got ${JSON.stringify(target_modules)}`),
    );
  });

  test('may list the modules of a model of 40 layers', () => {
    const parts = ['self_attn.q_proj', 'self_attn.k_proj', 'self_attn.v_proj', 'self_attn.o_proj'];
    const others = ['mlp.gate_proj', 'mlp.up_proj', 'mlp.down_proj', 'input_layernorm', 'post_attention_layernorm'];
    const named = (list: readonly string[]) =>
      Array.from({ length: 40 }, (_, i) => list.map((part) => linear(`model.layers.${i}.${part}`))).flat();
    const target_modules = named([...parts, ...others.slice(0, 3)])
      .map(({ name }) => name)
      .join('|');
    expect(target_modules.length).toBeGreaterThan(8000);
    expect(wrappedOf({ target_modules }, named([...parts, ...others]))).toHaveLength(280);
  });

  test('are checked in layers_pattern and modules_to_save too', () => {
    const init = { target_modules: ['q'], layers_to_transform: 0 };
    expect(() => wrappedOf({ ...init, layers_pattern: '(' }, [linear('q')])).toThrow(/^layers_pattern: expected/);
    expect(() => wrappedOf({ ...init, modules_to_save: ['('] }, [linear('q')])).toThrow(/^modules_to_save: expected/);
  });
});

describe('all-linear', () => {
  const layers = Array.from({ length: 4 }, (_, i) =>
    ['q', 'k', 'v', 'o', 'up'].map((part) => linear(`model.layers.${i}.${part}`, 4, part === 'up' ? 8 : 4)),
  ).flat();
  const modules = [...layers, linear('lm_head', 4, 96)];
  const facts = { output_embedding: 'lm_head' };

  test('is spelt in any case', () => {
    expect(wrappedOf({ target_modules: 'ALL-Linear' }, modules, facts)).toHaveLength(20);
  });

  test('is condensed from 20 names on, to the shortest ends that tell them from the others', () => {
    const config = (list: readonly NamedModule[]) =>
      resolveVeraTargets(new VeraConfig({ target_modules: 'all-linear' }), list, { model_type: 'x', ...facts }).config;
    expect(config(modules).target_modules).toEqual(['k', 'o', 'q', 'up', 'v']);
    expect(config(modules.slice(1)).target_modules).toHaveLength(19);
  });

  test('then heeds layers_to_transform, while A and B keep the size of all layers, as in PEFT', () => {
    const wide = [...modules, linear('model.layers.9.down', 50, 4)];
    const {
      modules: wrapped,
      max_in,
      max_out,
    } = resolveVeraTargets(new VeraConfig({ target_modules: 'all-linear', layers_to_transform: 1 }), wide, {
      model_type: 'x',
      ...facts,
    });
    expect(wrapped.map(({ name }) => name)).toEqual(['q', 'k', 'v', 'o', 'up'].map((part) => `model.layers.1.${part}`));
    expect([max_in, max_out]).toEqual([50, 8]);
  });

  test('takes in the head of a model that names none, except for sequence classification', () => {
    const classifier = [linear('model.q'), linear('score')];
    expect(wrappedOf({ target_modules: 'all-linear' }, classifier)).toEqual(['model.q', 'score']);
    expect(wrappedOf({ target_modules: 'all-linear', task_type: 'SEQ_CLS' }, classifier)).toEqual(['model.q']);
  });

  test('leaves out modules that train whole because their names end like the head, where PEFT fails', () => {
    const blocks = layers.map(({ name }) => linear(name));
    const classifier = [...blocks, linear('pre_classifier'), linear('ln_classifier.dense'), linear('classifier')];
    const resolved = (init: VeraConfigInit) =>
      resolveVeraTargets(new VeraConfig({ task_type: 'SEQ_CLS', ...init }), classifier, { model_type: 'x' });
    const { config, modules: wrapped } = resolved({ target_modules: 'all-linear' });
    expect(wrapped.map(({ name }) => name)).toEqual(blocks.map(({ name }) => name));
    expect(config.target_modules).toEqual(['k', 'o', 'q', 'up', 'v']);
    expect(resolved({ target_modules: config.target_modules }).modules).toEqual(wrapped);
    const named = resolved({ target_modules: ['q', 'pre_classifier'] }).modules.map(({ name }) => name);
    expect(named).toContain('pre_classifier');
  });

  test('lists a head with an entry of modules_to_save as a part of its name, as PEFT does', () => {
    const classifier = [linear('q'), linear('classifier.dense'), linear('classifier.out_proj')];
    const config = new VeraConfig({ target_modules: 'all-linear', task_type: 'SEQ_CLS' });
    const { config: resolved, modules: wrapped } = resolveVeraTargets(config, classifier, { model_type: 'x' });
    expect(resolved.target_modules).toEqual(['classifier.dense', 'classifier.out_proj', 'q']);
    expect(wrapped.map(({ name }) => name)).toEqual(['q']);
  });
});

test('a long list of names is condensed too', () => {
  const names = Array.from({ length: 24 }, (_, i) => `h.${i}.attn.c_proj`);
  const modules = names.flatMap((name) => [linear(name), linear(name.replace('attn', 'mlp'))]);
  const resolved = resolveVeraTargets(new VeraConfig({ target_modules: names }), modules, { model_type: 'x' });
  expect(resolved.config.target_modules).toEqual(['attn.c_proj']);
  expect(resolved.modules.map(({ name }) => name)).toEqual(names);
});

describe('minimalTargets', () => {
  test.each<[string[], string[], string[]]>([
    [['a.q', 'b.q'], ['a.k'], ['q']],
    [['a.x.q', 'b.x.q'], ['a.y.q'], ['x.q']],
    [['a.q', 'a.v'], ['b.q'], ['a.q', 'v']],
    [['q'], ['a.q'], ['q']],
    [['head', 'a.head'], [], ['head']],
  ])('%j beside %j: %j', (targets, others, expected) => {
    expect(minimalTargets(targets, others)).toEqual(expected);
  });
});

describe('fan_in_fan_out', () => {
  test('is set to what the layers need', () => {
    const gpt2 = moduleList('base/gpt2');
    const config = new VeraConfig({ target_modules: ['c_attn'] });
    expect(resolveVeraTargets(config, gpt2.modules, gpt2.facts).config.fan_in_fan_out).toBe(true);
  });

  test('true over Linear is corrected with a warning, once', () => {
    const warnings: string[] = [];
    const config = new VeraConfig({ target_modules: ['q'], fan_in_fan_out: true });
    const resolved = resolveVeraTargets(config, [linear('a.q'), linear('b.q')], {
      model_type: 'x',
      warn: ({ message }) => warnings.push(message),
    });
    expect(resolved.config.fan_in_fan_out).toBe(false);
    expect(warnings).toEqual([
      'fan_in_fan_out is set to True but the target module is `torch.nn.Linear`. Setting fan_in_fan_out to False.',
    ]);
  });
});

test('heads that PEFT adds to modules_to_save are added once', () => {
  const config = new VeraConfig({ target_modules: ['q'], task_type: 'SEQ_CLS', modules_to_save: ['norm', 'score'] });
  const resolved = resolveVeraTargets(config, [linear('q')], { model_type: 'x' });
  expect(resolved.config.modules_to_save).toEqual(['norm', 'score', 'classifier']);
  expect(resolveVeraTargets(resolved.config, [linear('q')], { model_type: 'x' }).config).toEqual(resolved.config);
});
