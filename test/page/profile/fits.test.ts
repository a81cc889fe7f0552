import { describe, expect, test } from 'vitest';
import { expectConfig, profileConfig } from '../../../src/page/profile/fits';

describe('a field of a configuration that is undefined', () => {
  test("has the profile's default", () => {
    const given = { r: undefined, target_modules: undefined, peft_type: undefined } as object;
    expect(profileConfig(given)).toEqual(profileConfig({}));
  });

  test('is the stored one when a profile is opened again', () => {
    const kept = { peft_type: 'LORA', r: 4 } as const;
    expect(() => expectConfig(kept, { peft_type: undefined, r: undefined } as object)).not.toThrow();
    expect(() => expectConfig(kept, { peft_type: 'LORA', r: 8 })).toThrow(
      'peft_config.r: expected 4, as it began, got 8',
    );
  });
});
