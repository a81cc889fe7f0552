import { describe, expect, test } from 'vitest';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { LoraConfig } from '../../../src/index';
import { expectBase, expectConfig, givenFields, profileConfig } from '../../../src/page/profile/fits';

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

describe("a configuration that is an instance of its kind's class", () => {
  test.each([
    ['VeRA', new VeraConfig({ r: 64 }), { r: 64 }],
    [
      'LoRA',
      new LoraConfig({ r: 4, target_modules: ['q_proj'] }),
      { peft_type: 'LORA', r: 4, target_modules: ['q_proj'] },
    ],
    ['a classifier', new VeraConfig({ task_type: 'SEQ_CLS' }), { task_type: 'SEQ_CLS' }],
  ] as const)('counts fields with defaults as left out: %s', (_, config, fields) => {
    const given = givenFields(config);
    expect(given).toMatchObject(fields);
    expect(Object.keys(given).length).toBeLessThan(5);
    expect(profileConfig(given)).toEqual(profileConfig(fields));
  });

  test('is compared with the stored one by the other fields', () => {
    expect(() => expectConfig({ r: 64 }, new VeraConfig({ r: 64 }))).not.toThrow();
    expect(() => expectConfig({ r: 64 }, new VeraConfig({ r: 8 }))).toThrow('expected 64, as it began, got 8');
    expect(() => expectConfig({ r: 64 }, new LoraConfig({ r: 64 }))).toThrow('peft_type');
  });

  test("may have PEFT's default only where the stored one has the default of profiles", () => {
    const kept = { peft_type: 'LORA', r: 16 } as const;
    expect(() => expectConfig(kept, new LoraConfig({ r: 8 }))).toThrow(
      'peft_config.r: expected 16, as it began, got 8',
    );
    expect(() => expectConfig(kept, new LoraConfig({ r: 16 }))).not.toThrow();
    expect(() => expectConfig({ peft_type: 'LORA' }, new LoraConfig())).not.toThrow();
    expect(() => expectConfig({ ...kept, target_modules: 'all-linear' }, new LoraConfig({ r: 16 }))).not.toThrow();
    expect(() => expectConfig({ ...kept, target_modules: ['q_proj'] }, new LoraConfig({ r: 16 }))).toThrow(
      'target_modules: expected ["q_proj"], as it began',
    );
    const head = { task_type: 'SEQ_CLS' } as const;
    expect(() => expectConfig({ r: 64, ...head }, new VeraConfig({ r: 64 }), head)).not.toThrow();
    expect(() => expectConfig({ r: 64, task_type: 'CAUSAL_LM' }, new VeraConfig({ r: 64 }), head)).toThrow('task_type');
  });
});

test('a model with other weights that pools gets the hint of the option with which older profiles began', () => {
  const base = { base: 'a', labels: ['ham', 'spam'], problem_type: null };
  const refusal = (pools: boolean) =>
    expect(() => expectBase({ ...base, base_model: null }, { ...base, base: 'b', pools }));
  refusal(true).toThrow(
    expect.objectContaining({
      hint: expect.stringMatching(/pooling: 'none'.* or forget the profile/),
      detail: { expected: 'a', got: 'b', solved_by: 'forget' },
    }),
  );
  refusal(false).toThrow(
    expect.objectContaining({
      hint: expect.stringMatching(/^(?!.*pooling).*forget the profile/),
      detail: { expected: 'a', got: 'b', solved_by: 'forget' },
    }),
  );
});

test('long values of a profile are shortened in messages', () => {
  const long = 'x'.repeat(100_000);
  const base = { base: 'a', labels: null, problem_type: null };
  const short = expect.objectContaining({ message: expect.stringMatching(/^.{30,400}$/) });
  expect(() => expectBase({ ...base, base_model: long }, { ...base, base: 'b' })).toThrow(short);
  expect(() => expectBase({ ...base, base_model: null, problem_type: long }, base)).toThrow(short);
  expect(() => expectConfig({ target_modules: [long] }, { target_modules: ['q_proj'] })).toThrow(short);
});

describe('a profile without names of labels', () => {
  const kept = { base: 'a', base_model: null, labels: [], problem_type: null };
  const base = { base: 'a', labels: ['LABEL_0'], problem_type: null };

  test('opens over any labels', () => {
    expect(() => expectBase(kept, { ...base, labels: ['LABEL_0', 'LABEL_1'] })).not.toThrow();
    expect(() => expectBase({ ...kept, labels: ['no'] }, base)).toThrow('expected a model with the labels ["no"]');
  });

  test('may have stored the problem of a single number', () => {
    expect(() => expectBase({ ...kept, problem_type: 'regression' }, base)).not.toThrow();
    // The labels are stored when it first opens, but not its problem.
    expect(() => expectBase({ ...kept, labels: base.labels, problem_type: 'regression' }, base)).not.toThrow();
    const several = { ...base, labels: ['LABEL_0', 'LABEL_1'] };
    expect(() => expectBase({ ...kept, problem_type: 'regression' }, several)).toThrow('problem_type regression');
  });
});
