import { expect, test } from 'vitest';
import { defaultSettings } from '../../../demo/src/write/teach/settings';
import { veraPageKind } from '../../../src/page/adapters/vera/vera_model';

test("the form begins with the library's learning rate", () => {
  expect(defaultSettings.learning_rate).toBe(veraPageKind.learningRates.continues);
});
