import { describe, expect, test } from 'vitest';
import type { PretrainedConfig } from '../../src/core/types/model';
import { areOtherLabels, expectLabels, parseLabels, withLabels, withNames } from '../../src/models/labels';

const named = (...names: readonly string[]) => Object.fromEntries([...names.entries()].map(([id, name]) => [id, name]));

describe('the labels of a config.json', () => {
  test.each<[string, object, readonly string[]]>([
    ['are two by default', {}, ['LABEL_0', 'LABEL_1']],
    ['are as many as num_labels', { num_labels: 3 }, ['LABEL_0', 'LABEL_1', 'LABEL_2']],
    ['are named', { id2label: named('ham', 'spam') }, ['ham', 'spam']],
    ['may be in any order', { id2label: { 1: 'spam', 0: 'ham' } }, ['ham', 'spam']],
    ['may be named and counted', { id2label: named('ham', 'spam'), num_labels: 2 }, ['ham', 'spam']],
    [
      'are the default if they are null',
      { id2label: null, num_labels: null, problem_type: null },
      ['LABEL_0', 'LABEL_1'],
    ],
    ['may be empty names', { id2label: named('', 'spam') }, ['', 'spam']],
  ])('%s', (_, json, names) => {
    expect(parseLabels(json as never)).toEqual({ names, problem: 'single_label_classification' });
  });

  test('of a single label are a number', () => {
    const regression = { names: ['price'], problem: 'regression' };
    expect(parseLabels({ id2label: named('price') })).toEqual(regression);
    expect(parseLabels({ id2label: named('price'), problem_type: 'regression' })).toEqual(regression);
  });

  test.each([
    ['go together', { problem_type: 'multi_label_classification' }, ['LABEL_0', 'LABEL_1']],
    [
      'may be one of several labels at once',
      { problem_type: 'multi_label_classification', num_labels: 1 },
      ['LABEL_0'],
    ],
    ['are several numbers', { problem_type: 'regression', id2label: named('x', 'y') }, ['x', 'y']],
  ])('%s, where the file says so', (_, json, names) => {
    expect(parseLabels(json as never)).toEqual({ names, problem: json.problem_type });
  });

  test.each<[string, object, string]>([
    ['of a problem that isn’t known', { problem_type: 'ranking' }, 'unsupported_model'],
    ['of one class', { problem_type: 'single_label_classification', num_labels: 1 }, 'unsupported_model'],
    ['numbered from 1', { id2label: { 1: 'ham', 2: 'spam' } }, 'invalid_format'],
    ['with a gap', { id2label: { 0: 'ham', 2: 'spam' } }, 'invalid_format'],
    ['more than counted', { id2label: named('ham', 'spam'), num_labels: 1 }, 'invalid_format'],
    ['fewer than counted', { id2label: named('ham', 'spam'), num_labels: 3 }, 'invalid_format'],
    ['without any', { id2label: {} }, 'invalid_format'],
    ['in a list', { id2label: ['ham', 'spam'] }, 'invalid_format'],
    ['that are numbers', { id2label: { 0: 1, 1: 2 } }, 'invalid_format'],
    ['of endless names', { id2label: named('a', 'b'.repeat(257)) }, 'invalid_format'],
    ['of another’s prototype', { id2label: { 0: 'a', constructor: 'b' } }, 'invalid_format'],
    ['none at all', { num_labels: 0 }, 'invalid_format'],
    ['a fraction of them', { num_labels: 2.5 }, 'invalid_format'],
    ['millions', { num_labels: 2 ** 20 }, 'invalid_format'],
    ['a problem that is none', { problem_type: 7 }, 'invalid_format'],
  ])('%s: refused', (_, json, code) => {
    expect(() => parseLabels(json as never)).toThrow(expect.objectContaining({ code }));
  });

  test('of a huge number are refused', () => {
    const id2label = Object.fromEntries(Array.from({ length: 70_000 }, (_, id) => [id, 'a']));
    expect(() => parseLabels({ id2label })).toThrow(expect.objectContaining({ code: 'invalid_format' }));
  });
});

describe('other labels', () => {
  const config = {
    model_type: 'bert',
    num_labels: 2,
    id2label: named('no', 'yes'),
    label2id: { no: 0, yes: 1 },
    problem_type: 'single_label_classification',
  } as unknown as PretrainedConfig;

  test('leave config.json unchanged if none are given', () => {
    expect(withLabels(config)).toBe(config);
    expect(withLabels(config, {})).toBe(config);
    expect(withLabels(config, { id2label: {} })).toBe(config);
  });

  test('replace those of the file and its problem type', () => {
    expect(withLabels(config, { id2label: { 0: 'ham', 1: 'spam', 2: 'eggs' } })).toEqual({
      model_type: 'bert',
      id2label: named('ham', 'spam', 'eggs'),
      label2id: { ham: 0, spam: 1, eggs: 2 },
    });
  });

  test('given as a number have the file’s names if it has as many, else transformers’', () => {
    expect(withLabels(config, { num_labels: 2 }).id2label).toEqual(named('no', 'yes'));
    expect(withLabels(config, { num_labels: 3 }).id2label).toEqual(named('LABEL_0', 'LABEL_1', 'LABEL_2'));
    expect(withLabels(config, { num_labels: 1 })).toMatchObject({
      id2label: named('LABEL_0'),
      label2id: { LABEL_0: 0 },
    });
  });

  test.each<[string, object, object, string | undefined]>([
    ['as many as the file’s keep its problem', { problem_type: 'regression' }, { num_labels: 2 }, 'regression'],
    ['more than the file’s don’t keep it', { problem_type: 'regression' }, { num_labels: 3 }, undefined],
    [
      'more than the file’s still go together',
      { problem_type: 'multi_label_classification' },
      { num_labels: 3 },
      'multi_label_classification',
    ],
    [
      'with a problem of their own have that',
      { problem_type: 'regression' },
      { num_labels: 3, problem_type: 'multi_label_classification' },
      'multi_label_classification',
    ],
    ['of another problem alone are the file’s', {}, { problem_type: 'regression' }, 'regression'],
    ['are classes where null is the file’s problem', { problem_type: null }, { num_labels: 2 }, undefined],
  ])('that are %s', (_, own, options, problem) => {
    expect(withLabels({ ...config, ...own }, options).problem_type).toBe(problem);
  });

  test.each<[string, object, boolean]>([
    ['the file’s own', { id2label: { 0: 'no', 1: 'yes' } }, false],
    ['in another order', { id2label: { 0: 'yes', 1: 'no' } }, true],
    ['of other names', { id2label: { 0: 'ham', 1: 'spam' } }, true],
    ['of another number', { id2label: { 0: 'no', 1: 'yes', 2: 'so' } }, true],
    ['given as a number', { num_labels: 3 }, false],
  ])('that are %s are others than the file’s: %j', (_, options, isOther) => {
    expect(areOtherLabels(config, options)).toBe(isOther);
  });

  test('are transformers’ names where the file has none', () => {
    const { id2label: _, label2id: __, ...nameless } = config;
    const filled = withNames(nameless as PretrainedConfig, parseLabels(nameless));
    expect(filled).toMatchObject({ id2label: named('LABEL_0', 'LABEL_1'), label2id: { LABEL_0: 0, LABEL_1: 1 } });
    expect(parseLabels(filled)).toEqual(parseLabels(nameless));
    expect(withNames(config, parseLabels(config))).toBe(config);
    expect(withNames(nameless as PretrainedConfig, undefined)).toBe(nameless);
    expect(areOtherLabels(nameless as PretrainedConfig, { id2label: { 0: 'LABEL_0', 1: 'LABEL_1' } })).toBe(false);
  });

  test('are read by parseLabels', () => {
    expect(parseLabels(withLabels(config, { num_labels: 1 }))).toEqual({ names: ['LABEL_0'], problem: 'regression' });
  });
});

test('a head without labels is refused', () => {
  expect(() => expectLabels(undefined)).toThrow(expect.objectContaining({ code: 'unsupported_model' }));
});
