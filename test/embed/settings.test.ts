import { describe, expect, test } from 'vitest';
import { isOn, isSame, nameOf, readSettings } from '../../src/embed/settings';

const read = (attributes: Readonly<Record<string, string>>) =>
  readSettings((name) => attributes[name] ?? null, 'https://page.example/notes/today.html');

describe("an element's attributes", () => {
  test('have defaults except for the model', () => {
    expect(read({ model: ' org/name ' })).toEqual({
      source: 'org/name',
      task: 'causal-lm',
      profile: 'default',
      dtype: undefined,
      peft_config: {},
      args: { max_steps: 60 },
      max_length: 256,
    });
  });

  test('are read from all attributes', () => {
    const settings = read({
      model: 'org/name',
      profile: 'ann',
      task: 'text-classification',
      labels: ' ham, spam,not sure ',
      dtype: 'float16',
      r: '64',
      'target-modules': 'q_proj, v_proj',
      'max-steps': '20',
      'learning-rate': '6e-2',
      'max-length': '128',
    });
    expect(settings).toMatchObject({ profile: 'ann', dtype: 'float16', max_length: 128 });
    expect(settings).toMatchObject({ task: 'text-classification', labels: ['ham', 'spam', 'not sure'] });
    expect(settings.peft_config).toEqual({ r: 64, target_modules: ['q_proj', 'v_proj'] });
    expect(settings.args).toEqual({ max_steps: 20, learning_rate: 0.06, headLearningRate: 4e-3 });
  });

  test.each([
    ['./models/mine/', 'https://page.example/notes/models/mine/'],
    ['../mine/', 'https://page.example/mine/'],
    ['/mine/', 'https://page.example/mine/'],
    ['//cdn.example/mine/', 'https://cdn.example/mine/'],
    ['https://cdn.example/mine/', 'https://cdn.example/mine/'],
  ])('model %s is an address', (model, address) => {
    expect(read({ model }).source).toEqual(new URL(address));
  });

  test.each([
    ['org/name', 'org/name'],
    ['./models/mine/', 'mine'],
    ['https://cdn.example/mine?v=1', 'mine'],
    ['../', '..'],
    ['', ''],
  ])('model %s is called %s', (model, name) => {
    expect(nameOf(model)).toBe(name);
  });

  test.each([
    ['all-linear', 'all-linear'],
    ['q_proj', ['q_proj']],
    ['layers.0.q_proj,v_proj', ['layers.0.q_proj', 'v_proj']],
    ['.*\\.(q|v)_proj', '.*\\.(q|v)_proj'],
  ])('target-modules %s', (text, target_modules) => {
    expect(read({ model: 'm', 'target-modules': text }).peft_config).toEqual({ target_modules });
  });

  test('may name another kind of adapter, whose fields the others complete', () => {
    const config = '{ "peft_type": "UNILORA", "theta_d_length": 512, "r": 2 }';
    const { peft_config } = read({ model: 'm', 'peft-config': config, r: '8', 'target-modules': 'q_proj' });
    expect(peft_config).toEqual({ peft_type: 'UNILORA', theta_d_length: 512, r: 8, target_modules: ['q_proj'] });
  });

  test.each([
    ['model', ''],
    ['model', 'https://'],
    ['task', 'summarisation'],
    ['labels', 'ham,spam'],
    ['r', '0'],
    ['r', '1.5'],
    ['r', 'many'],
    ['target-modules', 'q_proj,,v_proj'],
    ['peft-config', '{ peft_type: LORA }'],
    ['peft-config', '[1]'],
    ['peft-config', 'null'],
    ['max-steps', '-1'],
    ['learning-rate', '0'],
    ['learning-rate', 'Infinity'],
    ['max-length', '1'],
  ])('%s="%s" is refused by its name', (name, value) => {
    expect(() => read({ model: 'org/name', [name]: value })).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringContaining(`<web-vera>: ${name}: `) }),
    );
  });

  test('a task of images has labels too', () => {
    const settings = read({ model: 'm', task: 'image-classification', labels: 'cat,dog' });
    expect(settings).toMatchObject({ task: 'image-classification', labels: ['cat', 'dog'] });
  });

  test.each(['ham', 'ham,', 'ham,,spam', 'ham, spam, ham'])('labels="%s" are refused', (labels) => {
    expect(() => read({ model: 'org/name', task: 'text-classification', labels })).toThrow(
      `<web-vera>: labels: expected two names or more, each once, with commas between them, got ${labels}`,
    );
  });

  test('are equal if all attributes are', () => {
    const model = './mine/';
    expect(isSame(read({ model }), read({ model, profile: 'default', task: 'causal-lm' }))).toBe(true);
    expect(isSame(read({ model }), read({ model, profile: 'ann' }))).toBe(false);
    expect(isSame(read({ model }), read({ model: './other/' }))).toBe(false);
    const task = 'text-classification';
    expect(isSame(read({ model, task }), read({ model, task, labels: 'ham,spam' }))).toBe(false);
  });
});

test('a switch is on with any value but false', () => {
  expect(['', true, 'true', 'autoload'].map(isOn)).toEqual([true, true, true, true]);
  expect(['false', false, null, undefined].map(isOn)).toEqual([false, false, false, false]);
});
