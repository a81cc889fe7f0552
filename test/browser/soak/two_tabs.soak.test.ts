import { test } from 'vitest';
import { expectOneTrains } from '../runs/two_tabs';

test('firefox: one of several tabs trains, and it may be any of them', () => expectOneTrains('firefox'));
