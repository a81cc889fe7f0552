import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { minimalTargets } from '../../src/adapters/minimal_targets';
import { type NamedModule, targetWarnings } from '../../src/adapters/targets';
import { VeraConfig, type VeraConfigInit } from '../../src/adapters/vera/config';
import { resolveVeraTargets, type VeraModelFacts } from '../../src/adapters/vera/targets';
import { createArchitecture } from '../../src/models/registry';
import { cpuTime } from '../helpers/cpu_time';
import { moduleList } from '../helpers/module_lists';

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

const invalid = (message: string) =>
  expect.objectContaining({ name: 'WebVeraError', code: 'invalid_argument', message });

const bases = [...new Set(rows.map(({ base }) => base))];
/** Those whose architecture there is here. */
const built = ['base/llama', 'base/gpt2', 'base/opt', 'base/opt-postnorm'];

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

/** What a session asks of a model that it has loaded. */
function ownModules(base: string): ReturnType<typeof moduleList> {
  const { modules, config, head } = createArchitecture(
    JSON.parse(readFileSync(`test/golden/${base}/config.json`, 'utf8')),
  );
  const { model_type, tie_word_embeddings } = config;
  return {
    modules,
    facts: { model_type, output_embedding: head, tie_word_embeddings: tie_word_embeddings === true },
  };
}

function sorted(targets: VeraConfig['target_modules']): VeraConfig['target_modules'] {
  return targets === null || typeof targets === 'string' ? targets : [...targets].sort();
}

const linear = (name: string, in_features = 4, out_features = 4): NamedModule => ({
  name,
  type: 'Linear',
  in_features,
  out_features,
});

function wrappedOf(
  init: VeraConfigInit,
  modules: readonly NamedModule[],
  facts: Partial<VeraModelFacts> = {},
): string[] {
  const resolved = resolveVeraTargets(new VeraConfig(init), modules, { model_type: 'x', ...facts });
  return resolved.modules.map(({ name }) => name);
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
    // The other module keeps a config that matches nothing else from being refused.
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

describe('what PEFT refuses', () => {
  const { modules, facts } = ownModules('base/opt');
  const { rows: situations } = JSON.parse(readFileSync('test/golden/errors.json', 'utf8')) as {
    rows: { situation: string; error: { message: string }; warnings?: string[] }[];
  };

  test.each<[string, VeraConfigInit]>([
    ['target_modules names nothing in the model', { target_modules: ['nothing'] }],
    ['target_modules names an embedding', { target_modules: ['embed_tokens'] }],
    ['target_modules names a linear layer and an embedding', { target_modules: ['q_proj', 'embed_tokens'] }],
    ['target_modules names a container', { target_modules: ['self_attn'] }],
    ['target_modules is an empty list', { target_modules: [] }],
    ['layers_to_transform out of range', { target_modules: ['q_proj'], layers_to_transform: [7] }],
  ])('%s', (situation, init) => {
    const row = situations.find((candidate) => candidate.situation === situation);
    const warnings: string[] = [];
    const resolve = () =>
      resolveVeraTargets(new VeraConfig(init), modules, { ...facts, warn: ({ message }) => warnings.push(message) });
    expect(resolve).toThrow(invalid(row?.error.message ?? 'not in errors.json'));
    expect(warnings.map((message) => `UserWarning: ${message}`)).toEqual(row?.warnings ?? []);
  });

  test('is explained in the hint, with names from the model', () => {
    expect(() => wrappedOf({ target_modules: ['nothing'] }, modules)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('k_proj, v_proj, q_proj, out_proj, fc1, fc2') }),
    );
  });
});

describe('what PEFT refuses of a later adapter, as NoMatchingPeftModuleError says it', () => {
  const { modules, facts } = ownModules('base/opt');
  const notFound = (targets: string, notes = '') =>
    `Target modules ${targets} not found in the base model. Please check the target modules and try again.${notes}`;
  const excluded =
    'No modules were targeted for adaptation. This might be caused by a combination of mismatched target modules and ' +
    'excluded modules. Please check your `target_modules` and `exclude_modules` configuration. You may also have only ' +
    'targeted modules that are marked to be saved (`modules_to_save`).';

  // Each text is what PEFT 0.21.2 says; a set of several names has any order there.
  test.each<[VeraConfigInit, string]>([
    [{ target_modules: ['nothing'] }, notFound("{'nothing'}")],
    [{ target_modules: ['nothing', 'nobody'] }, notFound("{'nobody', 'nothing'}")],
    [{ target_modules: ["no'thing"] }, notFound('{"no\'thing"}')],
    [{ target_modules: 'nothing' }, notFound('nothing')],
    [
      { target_modules: [] },
      'No `target_modules` passed but also no `target_parameters` found. Please check the values for these arguments.',
    ],
    [
      { target_modules: ['q_proj'], layers_to_transform: [7] },
      notFound("{'q_proj'}", " Note: You specified 'layers_to_transform': [7]."),
    ],
    [
      { target_modules: ['q_proj'], layers_to_transform: 7, layers_pattern: 'layers' },
      notFound(
        "{'q_proj'}",
        " Note: You specified 'layers_to_transform': 7. You also specified 'layers_pattern': layers.",
      ),
    ],
    [
      { layers_to_transform: [7, 8], layers_pattern: ['layers', 'h'] },
      notFound(
        "{'q_proj', 'v_proj'}",
        " Note: You specified 'layers_to_transform': [7, 8]. You also specified 'layers_pattern': ['layers', 'h'].",
      ),
    ],
    [{ target_modules: ['fc1'], modules_to_save: ['fc1'] }, excluded],
    [{ target_modules: ['nothing'], modules_to_save: ['fc1'] }, excluded],
    [
      { target_modules: ['nothing'], modules_to_save: ['.*'] },
      'All modules were excluded. This is likely unintended. Check your `target_modules`, `exclude_modules` and ' +
        '`modules_to_save` configuration.',
    ],
  ])('%j', (init, message) => {
    const resolve = () => resolveVeraTargets(new VeraConfig(init), modules, { ...facts, later: true });
    expect(resolve).toThrow(invalid(message));
    expect(resolve).toThrow(expect.objectContaining({ hint: expect.stringContaining('Targets are whole names') }));
  });

  test('a module that is nothing to wrap is told as such', () => {
    const config = new VeraConfig({ target_modules: ['embed_tokens'] });
    expect(() => resolveVeraTargets(config, modules, { ...facts, later: true })).toThrow(/^Target module Embedding\(/);
  });

  test('and of a first one whose condensed names no layer has', () => {
    const config = new VeraConfig({ target_modules: 'all-linear', layers_to_transform: 9 });
    const layers = Array.from({ length: 20 }, (_, i) => linear(`model.layers.${i % 4}.p${i % 5}`));
    expect(() => resolveVeraTargets(config, layers, { model_type: 'x' })).toThrow(
      invalid(notFound("{'p0', 'p1', 'p2', 'p3', 'p4'}", " Note: You specified 'layers_to_transform': 9.")),
    );
  });
});

describe('targets that match nothing', () => {
  const { modules, facts } = ownModules('base/llama');
  const hintOf = (init: VeraConfigInit): unknown => {
    try {
      return resolveVeraTargets(new VeraConfig(init), modules, facts);
    } catch (error) {
      return (error as { hint: string }).hint;
    }
  };

  test.each<[string | readonly string[], RegExp]>([
    [
      'all_linear',
      /^Did you mean target_modules: 'all-linear'\? Targets are whole names or their last parts, such as q_/,
    ],
    [['all-linear'], /^Did you mean target_modules: 'all-linear'\?/],
    ['q_proj', /^Did you mean \['q_proj'\]\?/],
    [['qproj', 'V_proj'], /^Did you mean 'q_proj', 'v_proj'\?/],
    [['nothing'], /^Targets are/],
  ])('%j: the hint', (target_modules, hint) => {
    expect(hintOf({ target_modules })).toMatch(hint);
  });

  test.each<[VeraConfigInit, readonly string[]]>([
    [{ target_modules: ['q_proj', 'v_proj'] }, []],
    [{ target_modules: 'all-linear' }, []],
    [{}, []],
    [
      { target_modules: ['q_proj', 'vproj', 'nothing'] },
      [`target_modules: no module of the model matches "vproj", "nothing". Did you mean 'v_proj'?`],
    ],
    [
      { target_modules: ['q_proj', 'model.layers.9.mlp.up_proj'] },
      ['target_modules: no module of the model matches "model.layers.9.mlp.up_proj".'],
    ],
  ])('beside others are told of: %j', (init, messages) => {
    const warnings = targetWarnings(new VeraConfig(init), modules);
    expect(warnings).toEqual(messages.map((message) => ({ code: 'unmatched_target', message })));
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

describe('hostile configurations', () => {
  const { modules } = ownModules('base/llama');
  /** As many modules as a model with 1,000 layers has, under long names. */
  const many = Array.from({ length: 8000 }, (_, i) => linear(`model.language_model.layers.${i}.self_attention.q_proj`));
  const layers = { target_modules: ['q_proj'], layers_to_transform: [1] };
  const nobody = 'a'.repeat(40);

  test.each<[string, VeraConfigInit, readonly NamedModule[]]>([
    ['a repeated group that can match in many ways', { target_modules: String.raw`(\w+\.?)+!` }, many],
    ['the same in modules_to_save', { target_modules: ['q_proj'], modules_to_save: [String.raw`(\w+\.?)+!`] }, many],
    ['the same in layers_pattern', { ...layers, layers_pattern: String.raw`(\w+\.?)+!` }, many],
    ['references', { target_modules: String.raw`(\w*)*(\w*)*\1\2!` }, many],
    ['100,000 open brackets', { target_modules: '['.repeat(100_000) }, modules],
    ['10,000 open brackets', { target_modules: '['.repeat(10_000) }, modules],
    ['10,000 open groups', { target_modules: '('.repeat(10_000) }, modules],
    ['1,000 open groups, closed', { target_modules: `${'('.repeat(1000)}q${')'.repeat(1000)}` }, modules],
    ['counts of counts', { target_modules: '((a{1000}){1000}){1000}' }, modules],
    ['7,000 targets that are there', { target_modules: many.slice(0, 7000).map(({ name }) => name) }, many],
    [
      '20,000 targets that there are no modules for',
      { target_modules: Array.from({ length: 20_000 }, (_, i) => `q.${nobody}${i}`) },
      many,
    ],
    [
      '20,000 modules to save',
      { target_modules: ['q_proj'], modules_to_save: Array.from({ length: 20_000 }, (_, i) => `x.${i}`) },
      many,
    ],
    ['a name of a million parts', { target_modules: ['q_proj', 'a.'.repeat(1_000_000)] }, many],
    [
      '20,000 names of many parts',
      { target_modules: Array.from({ length: 20_000 }, (_, i) => `${'a.'.repeat(200)}${i}`) },
      many,
    ],
  ])('%s: done or refused within a second', (_, init, named) => {
    const config = new VeraConfig(init);
    const start = cpuTime();
    try {
      resolveVeraTargets(config, named, { model_type: 'x' });
      targetWarnings(config, named);
    } catch (error) {
      expect(error).toMatchObject({ code: expect.stringMatching(/^(invalid_argument|limit_exceeded)$/) });
      expect((error as Error).message.length).toBeLessThan(300);
    }
    expect(cpuTime() - start).toBeLessThan(1000);
  });

  test('any lists and patterns are resolved or refused with a word on why', () => {
    const piece = fc.constantFrom(
      'q',
      'model',
      '.',
      '*',
      '+',
      '?',
      '|',
      '(',
      ')',
      '[',
      ']',
      '\\w',
      '\\1',
      '{2}',
      'layers',
      '(?P<n>',
      '\\',
    );
    const text = fc.array(piece, { maxLength: 12 }).map((parts) => parts.join(''));
    const list = fc.array(text, { maxLength: 5 });
    fc.assert(
      fc.property(fc.oneof(text, list), fc.option(list), fc.option(fc.oneof(text, list)), (targets, saved, pattern) => {
        const init = {
          target_modules: targets,
          modules_to_save: saved,
          layers_pattern: pattern,
          layers_to_transform: [0, 1],
        };
        try {
          const { modules: wrapped, config } = resolveVeraTargets(new VeraConfig(init), modules, { model_type: 'x' });
          expect(wrapped.length).toBeGreaterThan(0);
          expect(VeraConfig.from_json(config.to_json(), { warn: () => {} })).toEqual({
            ...config,
            inference_mode: true,
          });
        } catch (error) {
          expect(error).toMatchObject({
            name: 'WebVeraError',
            code: expect.stringMatching(/^(invalid_argument|limit_exceeded)$/),
          });
        }
      }),
      { numRuns: 500 },
    );
  });
});
