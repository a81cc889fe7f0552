import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type NamedModule, targetWarnings } from '../../../src/adapters/targets/targets';
import { VeraConfig, type VeraConfigInit } from '../../../src/adapters/vera/config/vera_config';
import { resolveVeraTargets } from '../../../src/adapters/vera/vera_targets';
import { cpuTime } from '../../helpers/cpu_time';
import { linear, ownModules } from './target_names';

/** Returns a pattern of 300 character classes, all unlike. */
function classesFrom(first: number): string {
  return Array.from({ length: 300 }, (_, i) => `[${String.fromCharCode(0x1000 + ((first + i) % 0x8000))}]`).join('');
}

describe('hostile configurations', () => {
  const { modules } = ownModules('base/llama');
  /** As many modules as in a model with 1,000 layers, with long names. */
  const many = Array.from({ length: 8000 }, (_, i) => linear(`model.language_model.layers.${i}.self_attention.q_proj`));
  const layers = { target_modules: ['q_proj'], layers_to_transform: [1] };
  const nobody = 'a'.repeat(40);
  /** Short patterns, each of which compiles to 64,000 steps. */
  const wide = Array.from({ length: 900 }, (_, i) => `(?:x{1000}){64}${i}`);

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
    ['900 wide patterns to save', { target_modules: ['q_proj'], modules_to_save: wide }, modules],
    ['900 wide patterns of layers', { ...layers, layers_pattern: wide }, modules],
    [
      '900 patterns of unlike classes',
      { ...layers, layers_pattern: wide.map((_, i) => classesFrom(300 * i)) },
      modules,
    ],
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

  test('patterns are refused by what compiling them takes, although none is matched', () => {
    const config = new VeraConfig({ target_modules: ['q_proj'], modules_to_save: wide });
    expect(() => resolveVeraTargets(config, [], { model_type: 'x' })).toThrow(
      expect.objectContaining({ code: 'limit_exceeded', message: expect.stringContaining('take too much work') }),
    );
  });

  test('any lists and patterns are resolved, or refused with a reason', () => {
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
