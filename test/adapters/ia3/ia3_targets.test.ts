import { describe, expect, test } from 'vitest';
import { IA3Config, type IA3ConfigInit } from '../../../src/adapters/ia3/config/ia3_config';
import { resolveIa3Targets } from '../../../src/adapters/ia3/ia3_targets';
import { goldenCase } from '../../helpers/golden/golden';
import { allGoldenCases } from '../../helpers/golden/golden_index';
import { linear, ownModules } from '../targets/target_names';
import { invalid } from '../vera/config_errors';

const cases = allGoldenCases().filter(({ kind }) => kind === 'IA3');

test.each(cases)("$name: PEFT's modules, and which of them scale their inputs", ({ name }) => {
  const golden = goldenCase(name);
  const { modules, facts } = ownModules(golden.base);
  const targets = resolveIa3Targets(new IA3Config(golden.peft_config as IA3ConfigInit), modules, facts);
  const shapes = Object.entries(golden.trainable).filter(([key]) => key.endsWith('.ia3_l'));
  expect(
    targets.modules.map(({ name: module, isFeedforward, in_features, out_features }) => [
      `base_model.model.${module}.ia3_l`,
      isFeedforward ? [1, in_features] : [out_features, 1],
    ]),
  ).toEqual(shapes);
});

test("a target that can't be wrapped is refused with (IA)³'s text", () => {
  const { modules, facts } = ownModules('base/opt');
  const config = new IA3Config({ target_modules: ['self_attn'], feedforward_modules: [] });
  expect(() => resolveIa3Targets(config, modules, facts)).toThrow(
    /Currently, only `torch\.nn\.Linear`, `torch\.nn\.Conv2d`, and `Conv1D` are supported\.$/,
  );
});

describe('feed-forward modules', () => {
  const { modules, facts } = ownModules('base/llama');
  const resolved = (init: IA3ConfigInit, all = modules, given = facts) =>
    resolveIa3Targets(new IA3Config(init), all, given);
  const scaledInputs = (init: IA3ConfigInit) =>
    resolved(init).modules.flatMap(({ name, isFeedforward }) => (isFeedforward ? [name] : []));

  test.each<[IA3ConfigInit, readonly string[]]>([
    [{}, ['down_proj']],
    [{ target_modules: ['k_proj'] }, []],
    [{ target_modules: ['mlp.down_proj', 'k_proj'] }, ['mlp.down_proj']],
    [{ target_modules: ['k_proj', 'v_proj'], feedforward_modules: ['v_proj'] }, ['v_proj']],
    [{ target_modules: ['k_proj', 'down_proj'], feedforward_modules: [] }, []],
  ])('are written as some of the targets, which PEFT reads: %j', (init, feedforward_modules) => {
    const { config } = resolved(init);
    expect(config.feedforward_modules).toEqual(feedforward_modules);
    expect(new IA3Config(config)).toEqual(config);
  });

  test("of 'all-linear' are written by their whole names", () => {
    const { config } = resolved({ target_modules: 'all-linear', feedforward_modules: ['down_proj'] });
    const inputs = ['model.layers.0.mlp.down_proj', 'model.layers.1.mlp.down_proj'];
    expect(config.feedforward_modules).toEqual(inputs);
    expect(scaledInputs({ target_modules: 'all-linear' })).toEqual(inputs);
    expect(scaledInputs(config)).toEqual(inputs);
  });

  test('are named by an expression, or by any end of their names', () => {
    const q = ['model.layers.0.self_attn.q_proj', 'model.layers.1.self_attn.q_proj'];
    expect(scaledInputs({ target_modules: 'all-linear', feedforward_modules: '.*q_proj' })).toEqual(q);
    expect(scaledInputs({ target_modules: '.*[qk]_proj', feedforward_modules: ['q_proj'] })).toEqual(q);
    expect(scaledInputs({ target_modules: '.*[qk]_proj', feedforward_modules: ['attn.q_proj'] })).toEqual(q);
    expect(scaledInputs({ target_modules: '.*layers.0.*[qk]_proj', feedforward_modules: [''] })).toHaveLength(2);
    expect(() => scaledInputs({ target_modules: '.*q_proj', feedforward_modules: '(' })).toThrow(
      invalid('feedforward_modules: expected a regular expression, got "("'),
    );
  });

  test("PEFT's errors for a model without defaults", () => {
    const { modules: vit, facts: of } = ownModules('base/vit');
    expect(() => resolved({}, vit, of)).toThrow(invalid('Please specify `target_modules` in `peft_config`'));
    expect(() => resolved({ target_modules: ['q_proj'] }, vit, of)).toThrow(
      invalid('Please specify `feedforward_modules` in `peft_config`'),
    );
  });

  test('a target that names feed-forward modules and others is refused, because its file could not be read', () => {
    const all = ['layer.0.attention.dense', 'layer.0.output.dense'].map((name) => linear(name));
    const of = { ...facts, model_type: 'bert' };
    expect(() => resolved({ target_modules: ['dense'] }, all, of)).toThrow(
      invalid('`feedforward_modules` should be a subset of `target_modules`'),
    );
  });

  test('PEFT leaves a long list of targets as it is', () => {
    const names = Array.from({ length: 24 }, (_, index) => `layers.${index}.k_proj`);
    const all = names.map((name) => linear(name));
    expect(resolved({ target_modules: names, feedforward_modules: [] }, all).config.target_modules).toEqual(names);
  });
});
