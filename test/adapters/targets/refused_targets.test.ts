import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { targetWarnings } from '../../../src/adapters/targets/targets';
import { VeraConfig, type VeraConfigInit } from '../../../src/adapters/vera/config/vera_config';
import { resolveVeraTargets } from '../../../src/adapters/vera/vera_targets';
import { invalid } from '../vera/config_errors';
import { linear, ownModules, wrappedOf } from './target_names';

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

  // The error messages of PEFT 0.21.2. They list a set of several names in any order.
  test.each<[VeraConfigInit, string]>([
    [{ target_modules: ['nothing'] }, notFound("{'nothing'}")],
    [{ target_modules: ['nothing', 'nobody'] }, notFound("{'nobody', 'nothing'}")],
    [{ target_modules: ["no'thing"] }, notFound('{"no\'thing"}')],
    [{ target_modules: ['\u001b[31m\\\n\t\u009b'] }, notFound("{'\\x1b[31m\\\\\\n\\t\\x9b'}")],
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

  test("a module that can't be wrapped is named", () => {
    const config = new VeraConfig({ target_modules: ['embed_tokens'] });
    expect(() => resolveVeraTargets(config, modules, { ...facts, later: true })).toThrow(/^Target module Embedding\(/);
  });

  test('is also refused of a first adapter whose condensed names match no layer', () => {
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

  test('a right name of a layer that the model lacks is not suggested again', () => {
    const hint = hintOf({ target_modules: ['q_proj'], layers_to_transform: [99] });
    expect(hint).toMatch(/^The model has q_proj: does layers_to_transform leave it out\? Targets are/);
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
  ])('beside others give a warning: %j', (init, messages) => {
    const warnings = targetWarnings(new VeraConfig(init), modules);
    expect(warnings).toEqual(messages.map((message) => ({ code: 'unmatched_target', message })));
  });
});
