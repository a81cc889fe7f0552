import { expect, test } from 'vitest';
import { bareShader, linkedNow } from '../../scripts/build/plugins.mjs';
import { shaderFiles } from '../helpers/gpu/kernels';

test('only comments, indentation and spaces beside brackets, commas and operators are removed from a shader', () => {
  expect(
    bareShader('// head\nfn f(d: u32) {\n  let a = b / (c - d); // of it\n  /* not\n this */ return;\n\n}\n'),
  ).toBe('fn f(d:u32){\nlet a=b/(c - d);\nreturn;\n}\n');
  expect(bareShader('let a: array<f32> = b / *c;\nd += select(e, -f, g >= -h && i != j) % k;\n')).toBe(
    'let a:array<f32> =b / *c;\nd+=select(e,-f,g >= -h&&i!=j)%k;\n',
  );
});

test('a lazy part is linked at the beginning of its module, and types and packages stay as they are', () => {
  const lines = [
    "type A = typeof import('./a');",
    "const a = late(async () => await import('./a'));",
    "const b = await import('../b');",
    "const c = await import('package');",
  ];
  expect(linkedNow(lines.join('\n')).split('\n')).toEqual([
    "import * as late0 from './a';",
    "import * as late1 from '../b';",
    "type A = typeof import('./a');",
    'const a = late(async () => await late0);',
    'const b = await late1;',
    "const c = await import('package');",
  ]);
});

test.each(shaderFiles())('$name keeps every word of its code', ({ text }) => {
  const words = (wgsl: string): string[] =>
    wgsl.match(/->|[=!<>]=|&&|\|\||<<|>>|\+\+|--|[-+*/%&|^]=|\/[/*]|[\w.]+|\S/g) ?? [];
  const lines = text.split('\n').map((line) => line.replace(/\/\/.*/, ''));
  expect(words(bareShader(text))).toEqual(words(lines.join('\n')));
});
