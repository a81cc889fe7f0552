import { IDBFactory } from 'fake-indexeddb';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type AnsweringModel,
  AutoModelForCausalLM,
  AutoTokenizer,
  type ChatMessage,
  get_peft_model,
  LanguageModel,
  type PreTrainedModel,
  type StepLogs,
  type Tokenizer,
  Trainer,
  type TrainingArguments,
  VeraConfig,
  type VeraModel,
} from '../../../src/index';
import { expectWithin } from '../../helpers/clock';
import { smallWriter } from '../../helpers/models/small_writer';
import { describeOnce, testOnce } from '../../helpers/ring';
import { stopAt, trained, typesOf } from '../../helpers/session/resumed_run';
import { openTestSession, type TestSession } from '../../helpers/session/session';

const template = `{% for message in messages %}
    {% if message.role == 'nobody' %}{{ raise_exception('Nobody said that') }}{% endif %}
    {{- '[' + message.role + ']\\n' + message.content + eos_token + '\\n' }}
{%- endfor %}
{% if add_generation_prompt %}{{ '[assistant]\\n' }}{% endif %}`;
const hostile = '{% for i in range(60000) %}{% for j in range(60000) %}{{ j }}{% endfor %}{% endfor %}';

const talk: readonly ChatMessage[] = [
  { role: 'user', content: 'Who are you?' },
  { role: 'assistant', content: 'Ishmael.' },
  { role: 'user', content: 'And whither?' },
  { role: 'assistant', content: 'To sea, before the mast.' },
];
const question = talk.slice(0, 3);

const prose = smallWriter();
const withTemplate = (text: string) => ({ files: new Map([...prose, ['chat_template.jinja', new Blob([text])]]) });

let opened: TestSession;
let base: PreTrainedModel;
let vera: VeraModel;
let tokenizer: Tokenizer;

beforeAll(async () => {
  opened = await openTestSession();
  base = await AutoModelForCausalLM.from_pretrained(withTemplate(template), { session: opened.session });
  vera = await get_peft_model(base, new VeraConfig({ r: 4, target_modules: ['q_proj'] }));
  tokenizer = base.tokenizer as Tokenizer;
});
afterAll(() => opened.session.close());

const ended = (role: string, content: string): string => `[${role}]\n${content}<|endoftext|>\n`;

describe('apply_chat_template', () => {
  test('gives token ids, or with tokenize: false the text', async () => {
    const text = await tokenizer.apply_chat_template(question, { tokenize: false });
    expect(text).toBe(question.map(({ role, content }) => ended(role, content)).join(''));
    const ids = await tokenizer.apply_chat_template(question);
    expect(ids).toEqual(await tokenizer.encode(text, { add_special_tokens: false }));
    const prompt = await tokenizer.apply_chat_template(question, { add_generation_prompt: true, tokenize: false });
    expect(prompt).toBe(`${text}[assistant]\n`);
  });

  test('gives the same for a tokenizer alone', async () => {
    const alone = await AutoTokenizer.from_pretrained(withTemplate(template), { session: opened.session });
    expect(await alone.apply_chat_template(talk)).toEqual(await tokenizer.apply_chat_template(talk));
  });

  test.each<[string, unknown, string]>([
    ['nothing', [], 'expected an array of at least one { role, content }, got an array of 0'],
    ['a text', 'Hello', "expected an array of at least one { role, content }, got 'Hello'"],
    ['content that is no text', [{ role: 'user', content: 3 }], 'messages[0]: content: expected a string, got 3'],
    ['what the template refuses', [{ role: 'nobody', content: '' }], 'refuses these messages: "Nobody said that"'],
  ])('%s is refused', async (_, messages, message) => {
    const applied = tokenizer.apply_chat_template(messages as ChatMessage[]);
    await expect(applied).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining(message),
    });
  });

  test('without a template it says what to do', async () => {
    const bare = await AutoTokenizer.from_pretrained({ files: prose }, { session: opened.session });
    await expect(bare.apply_chat_template(talk)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('a chat template'),
    });
  });
});

describe('generate', () => {
  const config = { max_new_tokens: 8, eos_token_id: null };

  testOnce('answers a conversation like the text that the template renders', async () => {
    const ids = await tokenizer.apply_chat_template(question, { add_generation_prompt: true });
    const answer = await vera.generate(question, config);
    expect(answer).not.toBe('');
    expect(answer).toBe(await vera.generate(ids, config));
    expect(await base.generate(question, config)).toBe(answer);
    expect(await vera.generate_batch([question, 'It was the whale'], config)).toHaveLength(2);
  });

  test('a hostile template ends the call soon, and the model still works', async () => {
    const other = await AutoModelForCausalLM.from_pretrained(withTemplate(hostile), { session: opened.session });
    const begin = performance.now();
    await expect(other.generate(question, config)).rejects.toMatchObject({ code: 'limit_exceeded' });
    expectWithin(3000, performance.now() - begin);
    expect(await other.generate('It was the whale', config)).not.toBe('');
    await other.dispose();
  });
});

testOnce('a session goes on after its conversation has filled the model, with full answers', async () => {
  const answered: (readonly ChatMessage[])[] = [];
  const model: AnsweringModel = {
    generate(messages, config) {
      const answer = base.generate(messages, config);
      const onAnswer = (): unknown => answered.push(messages);
      answer.then(onAnswer, () => {});
      return answer;
    },
  };
  const first = { role: 'system', content: 'You tell of the sea.' };
  const session = await LanguageModel.create({ model, initialPrompts: [first], max_new_tokens: 100 });
  for (const place of ['the sea', 'the mast', 'the ship', 'the harbour']) {
    await session.prompt(`${place} and the whale `.repeat(25));
  }
  for (const messages of answered) {
    const { length } = await tokenizer.apply_chat_template(messages, { add_generation_prompt: true });
    expect(length).toBeLessThanOrEqual(512 - 100);
  }
  expect(answered).toHaveLength(4);
  expect(answered.at(-1)?.length).toBeLessThan(8);
  expect(answered.at(-1)?.[0]).toEqual(first);
  await expect(session.prompt('whale '.repeat(600))).rejects.toMatchObject({
    message: expect.stringContaining('expected a prompt of 1 to 511 tokens'),
    hint: 'Shorten the prompt, or the messages with which it begins.',
  });
});

describeOnce('training on conversations', () => {
  const args: TrainingArguments = {
    learning_rate: 1e-2,
    max_steps: 3,
    per_device_train_batch_size: 1,
    max_length: 128,
    shuffle: false,
  };

  async function stepsOf(
    example: object,
    changes: TrainingArguments = {},
  ): Promise<Pick<StepLogs, 'loss' | 'grad_norm'>[]> {
    const model = await get_peft_model(base, new VeraConfig({ r: 4, target_modules: ['q_proj'] }), 'chat');
    const trainer = new Trainer({ model, args: { ...args, ...changes }, train_dataset: [example as never] });
    const logs: StepLogs[] = [];
    for await (const event of trainer.train()) if (event.type === 'log') logs.push(event.logs);
    return logs.map(({ loss, grad_norm }) => ({ loss, grad_norm }));
  }

  /** Returns the tokens, with labels only for those in the answers. */
  async function labelled(): Promise<{ input_ids: number[]; labels: number[] }> {
    const input_ids: number[] = [];
    const labels: number[] = [];
    for (const { role, content } of talk) {
      const head = await tokenizer.encode(`[${role}]\n`);
      const body = await tokenizer.encode(ended(role, content).slice(`[${role}]\n`.length));
      input_ids.push(...head, ...body);
      labels.push(...head.map(() => -100), ...(role === 'assistant' ? body : body.map(() => -100)));
    }
    return { input_ids, labels };
  }

  test('learns only the answers, to the bit', async () => {
    const example = await labelled();
    expect(example.input_ids).toEqual(await tokenizer.apply_chat_template(talk));
    expect(await stepsOf({ messages: talk })).toEqual(await stepsOf(example));
    expect(await stepsOf({ messages: talk }, { packing: true })).toEqual(await stepsOf(example));
  });

  test('learns all tokens if requested', async () => {
    const input_ids = await tokenizer.apply_chat_template(talk);
    const all = await stepsOf({ messages: talk }, { completion_only_loss: false });
    expect(all).toEqual(await stepsOf({ input_ids }));
    expect(all).not.toEqual(await stepsOf({ messages: talk }));
  });

  test('resumes in a later session, and equals an uninterrupted run', async () => {
    vi.stubGlobal('indexedDB', new IDBFactory());
    try {
      const rows = [talk, question, talk.slice(2)].map((messages) => ({ messages }));
      const plan = {
        base: withTemplate(template),
        init: { train_dataset: rows, args: { max_length: 64, save_steps: 2 } },
      };
      const whole = await trained(plan);
      vi.stubGlobal('indexedDB', new IDBFactory());
      await trained({ ...plan, meanwhile: stopAt(4) });
      const resumed = await trained({ ...plan, resume: true });
      expect(typesOf(resumed)[0]).toBe('restored');
      expect(resumed.weights).toEqual(whole.weights);
      // The same messages with another chat template belong to another run.
      const other = { ...plan, base: withTemplate(`{{ eos_token }}${template}`), resume: true };
      expect(typesOf(await trained(other))).not.toContain('restored');
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
