import { test } from 'vitest';
import { expectFlat } from '../../faults/cycles';

// `npm run test:soak` loads and disposes fifty models in each browser.
test('chromium: a model that comes and goes leaves nothing behind', () => expectFlat('chromium', 4));
