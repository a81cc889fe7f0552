import { expect, test } from 'vitest';
import { sources, textOf } from './lib/files';
import { functionsOf } from './lib/syntax';

const MOST_LINES = 60;
const MOST_PARAMETERS = 5;

function largeFunctions(file: string, text: string): readonly string[] {
  return functionsOf(file, text)
    .filter(({ lines, parameters }) => lines > MOST_LINES || parameters > MOST_PARAMETERS)
    .map(({ name, lines, parameters }) => `${name} has ${lines} lines and ${parameters} parameters`);
}

test(`no function of src has more than ${MOST_LINES} lines or ${MOST_PARAMETERS} parameters`, () => {
  expect(sources('src').flatMap((file) => largeFunctions(file, textOf(file)))).toEqual([]);
});

const lines = (n: number): string => '\n  // One line.'.repeat(n);

test.each([
  ['a function', `function f() {${lines(61)}\n}`],
  ['an arrow', `const f = () => {${lines(61)}\n};`],
  ['an arrow without a block', `const f = () => [${lines(60)}\n];`],
  ['a method', `class A {\n  #f() {${lines(61)}\n  }\n}`],
  ['a constructor', `class A {\n  constructor() {${lines(61)}\n  }\n}`],
  ['a sixth parameter', 'function f(a, b, c, d, e, g) {}'],
  ["a constructor's sixth parameter", 'class A { constructor(a, b, c, d, e, f) {} }'],
])('the rule of functions catches %s', (_, text) => {
  expect(largeFunctions('src/core/a.ts', text)).toHaveLength(1);
});

test('the rule of functions allows sixty lines and five parameters', () => {
  expect(largeFunctions('src/core/a.ts', `function f(a, b, c, d, e) {${lines(60)}\n}`)).toEqual([]);
});
