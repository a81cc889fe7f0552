import { expect, test } from 'vitest';
import { bareShader } from '../../scripts/build/plugins.mjs';
import { shaderFiles } from '../helpers/gpu/kernels';

test('only comments and indentation are removed from a shader', () => {
  expect(bareShader('// head\nfn f() {\n  let a = b / c; // of it\n  /* not\n this */ return;\n\n}\n')).toBe(
    'fn f() {\nlet a = b / c;\nreturn;\n}\n',
  );
});

test.each(shaderFiles())('$name keeps every word of its code', ({ text }) => {
  const words = (wgsl: string): string[] => wgsl.split(/\s+/).filter((word) => word !== '');
  const lines = text.split('\n').map((line) => line.replace(/\/\/.*/, ''));
  expect(words(bareShader(text))).toEqual(words(lines.join('\n')));
});
