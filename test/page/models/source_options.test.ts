import { expect, test } from 'vitest';
import { classifierRules } from '../../../src/page/models/source_options';
import { checkOptions } from '../../../src/page/session/options';

const check = (id2label: unknown) => () => checkOptions('options', { id2label }, classifierRules);

test.each([{ 0: 'ham', 1: 'spam', 2: 'ham' }, ['ham', 'ham']])('labels with equal names are refused', (id2label) => {
  const message = expect.stringContaining("id2label: expected the labels' different names");
  expect(check(id2label)).toThrow(expect.objectContaining({ code: 'invalid_argument', message }));
});

test('labels with different names are taken', () => {
  expect(check({ 0: 'ham', 1: 'Ham' })).not.toThrow();
  expect(check(['ham', 'spam'])).not.toThrow();
});
