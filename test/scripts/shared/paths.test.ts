import { expect, test } from 'vitest';
import { inRepository, pathsBelow, ROOT, withSlashes } from '../../../scripts/shared/paths.mjs';

test('paths of Windows are written with slashes, as Vite writes them', () => {
  expect(withSlashes('C:\\Users\\Ann Lee\\webvera\\', '\\')).toBe('C:/Users/Ann Lee/webvera/');
  expect(withSlashes('/home/a\\b/', '/')).toBe('/home/a\\b/');
});

test('the root and what lies below it have slashes alone', () => {
  expect(ROOT).toMatch(/^[^\\]+\/$/);
  expect(pathsBelow(inRepository('scripts'))).toContain('shared/paths.mjs');
});
