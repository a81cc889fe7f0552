import { beforeEach } from 'vitest';
import { takeTrail } from './trail';

/** If a test fails, prints the last requests, messages and errors of its pages: where a page stands that never reports. */
beforeEach(({ onTestFailed }) => {
  takeTrail();
  onTestFailed(() => console.error(['The last requests, messages and errors of pages:', ...takeTrail()].join('\n  ')));
});
