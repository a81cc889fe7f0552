import { expect, test } from 'vitest';
import { withSpace } from '../../../src/embed/view/attempt/own_text';

test.each([
  ['It was the whale', ' that swam', 'rose', ' rose'],
  ['It was the whale', ', and it swam', 'rose', ' rose'],
  ['It was the whale', ', and it swam', ', which rose', ', which rose'],
  ['It was the wha', 'le that swam', 'le that rose', 'le that rose'],
  ['It was the whale\n', 'It swam', 'Up it rose', 'Up it rose'],
  ['He said, "', 'It swam', 'Up it rose', 'Up it rose'],
  ['He came (', 'swimming', 'rising', 'rising'],
  ['', 'It swam', 'Up it rose', 'Up it rose'],
  ['鯨は', '泳いだ', '昇った', '昇った'],
])('after %j, a text %j is replaced by %j as %j', (prompt, completion, own, wanted) => {
  expect(withSpace(own, { prompt, completion })).toBe(wanted);
});

test('an answer in a conversation has no space before it', () => {
  expect(withSpace('Yes', { prompt: [{ role: 'user', content: 'Is it?' }], completion: 'No' })).toBe('Yes');
});
