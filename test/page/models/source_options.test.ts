import { expect, test } from 'vitest';
import { classifierLoadOptions } from '../../../src/page/models/source_options';

test.each([{ 0: 'ham', 1: 'spam', 2: 'ham' }, ['ham', 'ham'] as never])(
  'labels with equal names are refused',
  (id2label) => {
    const message = expect.stringContaining('id2label: expected a name of its own for each label');
    expect(() => classifierLoadOptions({ id2label })).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message }),
    );
  },
);

test('labels with different names are sent', () => {
  const id2label = { 0: 'ham', 1: 'Ham' };
  expect(classifierLoadOptions({ id2label }).labels).toEqual({ id2label });
});
