import { expect, test } from 'vitest';
import { namesProjects, RINGS, reportOf, ringOf, vitestArguments } from '../../../scripts/test/rings.mjs';

test('the first argument names the ring, by default npm test', () => {
  expect(ringOf([])).toEqual({ name: 'test', rest: [] });
  expect(ringOf(['all', 'test/ops'])).toEqual({ name: 'all', rest: ['test/ops'] });
  expect(ringOf(['test/ops/relu', '-t', 'x'])).toEqual({ name: 'test', rest: ['test/ops/relu', '-t', 'x'] });
  expect(ringOf(['test', '--bail', '1'])).toEqual({ name: 'test', rest: ['--bail', '1'] });
});

test('vitest gets the projects of the ring, unless some are named', () => {
  const projects = (args: readonly string[]) => args.filter((_, index) => args[index - 1] === '--project');
  expect(projects(vitestArguments('test', ['test/ops']))).toEqual(RINGS.test.projects);
  expect(projects(vitestArguments('all', ['--project', 'peft']))).toEqual(['peft']);
  expect(namesProjects(['--project=gpu'])).toBe(true);
  expect(vitestArguments('test', ['test/ops']).at(-1)).toBe('test/ops');
});

test('each ring writes a report of its own', () => {
  expect(new Set((['quick', 'test', 'all', 'soak'] as const).map(reportOf)).size).toBe(4);
});
