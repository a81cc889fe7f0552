import { expect, test } from 'vitest';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { nearestNames, nearName, suggestion } from '../../../src/core/errors/near_name';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';

const config = Object.keys(new VeraConfig());
const args = Object.keys(resolveTrainingArguments());
const dtypes = ['auto', 'float32', 'float16', 'bfloat16', 'q8', 'q4'];

test.each<[string, readonly string[], string | undefined]>([
  ['learningRate', args, 'learning_rate'],
  ['learning_rat', args, 'learning_rate'],
  ['lr', args, 'learning_rate'],
  ['epochs', args, 'num_train_epochs'],
  ['batch_size', args, 'per_device_train_batch_size'],
  ['batchSize', args, 'per_device_train_batch_size'],
  ['steps', args, 'max_steps'],
  ['maxSteps', args, 'max_steps'],
  ['max_seq_length', args, 'max_length'],
  ['warmpu_steps', args, 'warmup_steps'],
  ['when_hidden', args, 'whenHidden'],
  ['rank', config, 'r'],
  ['lora_dropout', config, 'vera_dropout'],
  ['targetModules', config, 'target_modules'],
  ['seed', config, 'projection_prng_key'],
  ['seed', args, 'seed'],
  ['all_linear', ['all-linear', 'q_proj'], 'all-linear'],
  ['qproj', ['q_proj', 'v_proj'], 'q_proj'],
  ['query', ['q_proj', 'v_proj'], undefined],
  ['fp16', ['auto', 'float32', 'float16'], 'float16'],
  ['bfloat16', ['auto', 'float32', 'float16'], 'auto'],
  ['bf16', dtypes, 'bfloat16'],
  ['fp32', dtypes, 'float32'],
  ['fp16', dtypes, 'float16'],
  ['int8', dtypes, 'q8'],
  ['uint8', dtypes, 'q8'],
  ['Q8_0', dtypes, 'q8'],
  ['bnb4', dtypes, 'q4'],
  ['q4f16', dtypes, 'q4'],
  ['Q4_0', dtypes, 'q4'],
  ['int3', dtypes, undefined],
  ['constructor', args, undefined],
  ['__proto__', args, undefined],
  ['x', args, undefined],
  ['', args, undefined],
])('the name that %s means', (given, known, meant) => {
  expect(nearName(given, known)).toBe(meant);
});

test('an unnecessary name gets an explanation', () => {
  expect(suggestion('device', args)).toBe('Models run on the GPU, always.');
  expect(suggestion('ignore_mismatched_sizes', args)).toBe(
    'Only the head of a classifier can be replaced by a new one; all other weights must fit.',
  );
  expect(suggestion('toString', args)).toBe('');
  expect(suggestion('epochs', args)).toBe('Did you mean num_train_epochs?');
});

test('of many names the nearest are suggested, those with a common word first', () => {
  const known = ['max_length', 'max_steps', 'learning_rate', 'lr_scheduler_type', 'headLearningRate', 'packing'];
  expect(nearestNames('learning_speed', known, 2)).toEqual(['learning_rate', 'headLearningRate']);
  expect(nearestNames('x'.repeat(10_000), known, 3)).toHaveLength(3);
});
