import { describe, expect, test } from 'vitest';
import type { ElementState } from '../../src/embed/public';
import { after, type Happening } from '../../src/embed/state';

const through = (...happenings: Happening[]): ElementState => happenings.reduce<ElementState>(after, 'idle');

describe("an element's state", () => {
  test.each<[ElementState, Happening[]]>([
    ['loading', ['load']],
    ['ready', ['load', 'loaded']],
    ['training', ['load', 'loaded', 'learn']],
    ['paused', ['load', 'loaded', 'learn', 'paused']],
    ['training', ['load', 'loaded', 'learn', 'paused', 'resumed']],
    ['ready', ['load', 'loaded', 'learn', 'paused', 'learnt']],
    ['error', ['failed']], // invalid attributes
    ['error', ['load', 'failed']],
    ['loading', ['load', 'failed', 'load']],
    ['error', ['load', 'loaded', 'learn', 'paused', 'failed']],
    ['idle', ['load', 'left']],
    ['idle', ['load', 'loaded', 'learn', 'left']],
    ['idle', ['load', 'failed', 'left']],
  ])('is %s after %j', (state, happenings) => {
    expect(through(...happenings)).toBe(state);
  });

  test.each<[ElementState, Happening]>([
    ['ready', 'paused'],
    ['ready', 'learnt'],
    ['idle', 'loaded'],
    ['idle', 'learn'],
    ['error', 'learn'],
    ['error', 'loaded'],
    ['training', 'load'],
    ['loading', 'learn'],
  ])('that is %s stays so when %s comes too late', (state, happening) => {
    expect(after(state, happening)).toBe(state);
  });
});
