import { type EmbeddingModel, embed, generateText, type LanguageModel, streamText } from 'ai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { embeddingModel, languageModel } from '../../src/ai';
import {
  AutoModelForCausalLM,
  get_peft_model,
  type PreTrainedModel,
  Profile,
  type Tokenizer,
  VeraConfig,
} from '../../src/index';
import { smallWriter } from '../helpers/models/small_writer';
import { openTestSession, type TestSession } from '../helpers/session/session';

const template = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}\n{% endfor %}";
const prose = smallWriter();

let opened: TestSession;
let base: PreTrainedModel;

beforeAll(async () => {
  opened = await openTestSession();
  const files = new Map([...prose, ['chat_template.jinja', new Blob([template])]]);
  base = await AutoModelForCausalLM.from_pretrained({ files }, { session: opened.session });
});
afterAll(() => opened.session.close());

/** Models for the AI SDK. A profile has no tokenizer of its own, so it is given the model's. */
type AiModels = readonly [LanguageModel, LanguageModel, EmbeddingModel];
const modelsOf = (model: PreTrainedModel, profile: Profile): AiModels => [
  languageModel(model),
  languageModel(profile, { tokenizer: model.tokenizer }),
  embeddingModel(model),
];

const messages = [{ role: 'user', content: 'Who hunts the whale?' }] as const;
const settings = { max_new_tokens: 12, do_sample: true, temperature: 0.8, seed: 3 };

test('the AI SDK gets the text, the tokens and the vector of the model itself', async () => {
  const text = await base.generate(messages, settings);
  const model = languageModel(base);
  const call = { model, prompt: 'Who hunts the whale?', maxOutputTokens: 12, temperature: 0.8, seed: 3 };
  const answer = await generateText(call);
  const ids = await (base.tokenizer as Tokenizer).apply_chat_template(messages, { add_generation_prompt: true });
  expect(answer).toMatchObject({ text, finishReason: 'length' });
  expect(answer.usage).toMatchObject({ inputTokens: ids.length, outputTokens: 12 });

  let streamed = '';
  for await (const piece of streamText(call).textStream) streamed += piece;
  expect(streamed).toBe(text);

  const place = Math.floor(text.length / 2);
  const stopped = await generateText({ ...call, stopSequences: [text.slice(place, place + 3)] });
  expect(stopped).toMatchObject({
    text: text.slice(0, text.indexOf(text.slice(place, place + 3))),
    finishReason: 'stop',
  });

  const prompt = 'Who hunts the';
  const after = await base.generate(prompt, settings);
  const begun = await generateText({
    ...call,
    model: languageModel(base, { chat: false }),
    prompt,
    stopSequences: [`the${after.slice(0, 2)}`],
  });
  expect(begun.text).toBe(after);

  const [vector] = await base.embed(['Call me Ishmael.']);
  const { embedding } = await embed({ model: embeddingModel(base), value: 'Call me Ishmael.' });
  expect(embedding).toEqual([...(vector ?? [])]);
});

test('an adapter, and a setting of its own, change what the AI SDK gets', async () => {
  const vera = await get_peft_model(base, new VeraConfig({ r: 4, target_modules: ['q_proj'] }));
  const model = languageModel(vera);
  const providerOptions = { webvera: { repetition_penalty: 1.3, adapter_name: '__base__' } };
  const { text } = await generateText({ model, prompt: 'Who hunts the whale?', maxOutputTokens: 12, providerOptions });
  expect(text).toBe(
    await vera.generate(messages, { max_new_tokens: 12, repetition_penalty: 1.3, adapter_name: '__base__' }),
  );
  const unknown = generateText({ model, prompt: 'b', providerOptions: { webvera: { depth: 3 } } });
  await expect(unknown).rejects.toMatchObject({ code: 'invalid_argument', message: expect.stringContaining('depth') });
});

test('the reason why a text ended is the model’s own, for a profile, too', async () => {
  await using profile = await Profile.open(base, 'ishmael');
  const prompt = 'Who hunts the whale?';
  const generation = base.generate(messages, { ...settings, eos_token_id: null });
  await generation;
  const ids = generation.token_ids;
  const place = ids.findIndex((id, index) => index > 0 && ids.indexOf(id) === index);
  const { length: asked } = await (base.tokenizer as Tokenizer).encode('whale '.repeat(100));
  const long = 'whale '.repeat(Math.floor((470 / asked) * 100));
  for (const model of modelsOf(base, profile).slice(0, 2) as LanguageModel[]) {
    const ended = { model, prompt, temperature: 0.8, seed: 3 };
    const providerOptions = { webvera: { eos_token_id: ids[place] as number } };
    const reasonOf = async (call: Parameters<typeof generateText>[0]) => (await generateText(call)).finishReason;
    expect(await reasonOf({ ...ended, providerOptions, maxOutputTokens: place + 1 })).toBe('stop');
    expect(await reasonOf({ ...ended, providerOptions, maxOutputTokens: place })).toBe('length');
    const endless = { webvera: { eos_token_id: null } };
    expect(await reasonOf({ model, prompt: long, providerOptions: endless, maxOutputTokens: 100 })).toBe('length');
  }
});

test('a profile answers as it does without the AI SDK', async () => {
  await using profile = await Profile.open(base, 'ada');
  const [, model] = modelsOf(base, profile);
  const { text, usage } = await generateText({ model, prompt: 'Who hunts the whale?', maxOutputTokens: 12 });
  expect(text).toBe(await profile.generate(messages, { max_new_tokens: 12 }));
  expect(usage.inputTokens).toBeGreaterThan(12);
});
