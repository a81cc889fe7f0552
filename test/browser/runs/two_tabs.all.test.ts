import { test } from 'vitest';
import { expectOneTrains } from './two_tabs';

test('chromium: one of several tabs trains, and it may be any of them', () => expectOneTrains('chromium'));
