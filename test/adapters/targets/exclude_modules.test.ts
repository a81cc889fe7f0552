import { describe, expect, test } from 'vitest';
import type { AdapterFields } from '../../../src/adapters/config/adapter_config';
import { resolveTargets } from '../../../src/adapters/targets/targets';
import { invalid } from '../vera/config_errors';
import { linear } from './target_names';

const MODULES = ['layers.0.q', 'layers.0.mlp.q', 'layers.1.q', 'layers.1.v'].map((name) => linear(name));
const FIELDS = { modules_to_save: null, fan_in_fan_out: false, task_type: null, target_modules: ['q', 'v'] };

type Names = readonly string[] | string | null;
type Fields = Partial<Pick<AdapterFields, 'target_modules' | 'exclude_modules' | 'modules_to_save'>>;

function resolve(fields: Fields): { readonly wrapped: readonly string[]; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const facts = { model_type: 'x', warn: ({ message }: { message: string }) => void warnings.push(message) };
  const { modules } = resolveTargets({ ...FIELDS, ...fields }, MODULES, facts, { defaults: {} });
  return { wrapped: modules.map(({ name }) => name), warnings };
}

describe('exclude_modules', () => {
  test.each<[Fields, readonly string[]]>([
    [{ exclude_modules: ['mlp.q'] }, ['layers.0.q', 'layers.1.q', 'layers.1.v']],
    [{ exclude_modules: ['layers.1.q', 'v'] }, ['layers.0.q', 'layers.0.mlp.q']],
    [{ exclude_modules: ['lp.q', 'layers.0.q'] }, ['layers.0.mlp.q', 'layers.1.q', 'layers.1.v']],
    [{ exclude_modules: 'layers\\.0\\..*' }, ['layers.1.q', 'layers.1.v']],
    [{ exclude_modules: 'layers\\.0|.*\\.v' }, ['layers.0.q', 'layers.0.mlp.q', 'layers.1.q']],
    [{ exclude_modules: ['v'], target_modules: '.*\\.[qv]' }, ['layers.0.q', 'layers.0.mlp.q', 'layers.1.q']],
    [{ exclude_modules: ['v'], target_modules: 'all-linear' }, ['layers.0.q', 'layers.0.mlp.q', 'layers.1.q']],
  ])('%j', (fields, wrapped) => {
    expect(resolve(fields)).toEqual({ wrapped, warnings: [] });
  });

  test.each<[Names, string]>([
    [['o', 'k'], "{'k', 'o'}"],
    ['.*o', '.*o'],
  ])('%j excludes nothing, and a warning says so', (exclude_modules, shown) => {
    const message = `You have passed exclude_modules=${shown} but no modules were excluded. Please check that exclude_modules was set correctly.`;
    expect(resolve({ exclude_modules }).warnings).toEqual([message]);
  });

  test.each<Names>([null, [], ''])('%j is the same as none', (exclude_modules) => {
    expect(resolve({ exclude_modules })).toEqual({ wrapped: MODULES.map(({ name }) => name), warnings: [] });
  });

  test('excludes all targets, or all modules', () => {
    expect(() => resolve({ target_modules: ['v'], exclude_modules: ['v'] })).toThrow(
      invalid(
        'No modules were targeted for adaptation. This might be caused by a combination of mismatched target modules and ' +
          'excluded modules. Please check your `target_modules` and `exclude_modules` configuration. You may also have ' +
          'only targeted modules that are marked to be saved (`modules_to_save`).',
      ),
    );
    expect(() => resolve({ exclude_modules: '.*' })).toThrow(/^All modules were excluded/);
  });

  test('is limited in size, and is no expression that takes more than linear time', () => {
    expect(() => resolve({ exclude_modules: ['x'.repeat(2000)] })).toThrow(/names of at most 1024 characters/);
    expect(() => resolve({ exclude_modules: '(' })).toThrow(
      invalid('exclude_modules: expected a regular expression, got "("'),
    );
  });
});
