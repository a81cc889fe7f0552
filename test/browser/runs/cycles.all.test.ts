import { test } from 'vitest';
import { expectFlat } from '../../faults/cycles';
import { browserNames } from '../helpers/harness';

test.each(browserNames)('%s: a model that comes and goes leaves nothing behind', (name) => expectFlat(name, 4));
