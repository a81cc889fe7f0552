import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../../src/formats/tensors/safetensors';
import {
  AutoModelForCausalLM,
  get_peft_model,
  type PreTrainedModel,
  type Tensor,
  Trainer,
  VeraConfig,
} from '../../../src/index';
import { stateDictFile } from '../../helpers/bytes/torch_bytes';
import { seededFiles } from '../../helpers/models/seeded_model';
import { openTestSession, type TestSession } from '../../helpers/session/session';

let opened: TestSession;
beforeAll(async () => {
  opened = await openTestSession();
});
afterAll(() => opened.session.close());

const CONFIG = {
  ...{ model_type: 'opt', hidden_size: 32, ffn_dim: 48, num_hidden_layers: 2, num_attention_heads: 4 },
  ...{ vocab_size: 512, word_embed_proj_dim: 32, max_position_embeddings: 64, bos_token_id: 2, eos_token_id: 2 },
  ...{ pad_token_id: 1, tie_word_embeddings: true, do_layer_norm_before: true, activation_function: 'relu' },
};

/** Returns a folder like facebook/opt-125m's main branch: tensor names without `model.`, a tied head, and no tokenizer.json. */
async function folderOf2022(weights: Blob): Promise<{ readonly files: Map<string, Blob> }> {
  const tensors = [...readSafetensors(new Uint8Array(await weights.arrayBuffer())).tensors].map(
    ([name, tensor]) => [name.replace(/^model\./, ''), tensor] as const,
  );
  const [, embedding] = tensors.find(([name]) => name === 'decoder.embed_tokens.weight') ?? [];
  expect(embedding).toBeDefined();
  const head = embedding === undefined ? [] : [['lm_head.weight', embedding] as const];
  const { model } = JSON.parse(readFileSync('test/oracle/tokenizers/roberta.json', 'utf8'));
  const { folders } = JSON.parse(readFileSync('test/golden/vocabulary_files.json', 'utf8'));
  const merges = model.merges.map((merge: readonly string[]) => `${merge.join(' ')}\n`).join('');
  const texts = {
    'config.json': JSON.stringify(CONFIG),
    'vocab.json': JSON.stringify(model.vocab),
    'merges.txt': `#version: 0.2\n${merges}`,
    'tokenizer_config.json': JSON.stringify(folders.OPT.files['tokenizer_config.json']),
    'special_tokens_map.json': JSON.stringify(folders.OPT.files['special_tokens_map.json']),
  };
  const blobs = Object.entries(texts).map(([name, text]) => [name, new Blob([text])] as const);
  return { files: new Map([...blobs, ['pytorch_model.bin', new Blob([stateDictFile([...tensors, ...head])])]]) };
}

const load = (source: { readonly files: Map<string, Blob> }): Promise<PreTrainedModel> =>
  AutoModelForCausalLM.from_pretrained(source, { session: opened.session });

test('a tied head replaces an embedding that the weights lack; one with other values is not tied', async () => {
  const { files } = seededFiles(CONFIG);
  const weights = files.get('model.safetensors') as Blob;
  const tensors = [...readSafetensors(new Uint8Array(await weights.arrayBuffer())).tensors];
  const EMBEDDING = 'model.decoder.embed_tokens.weight';
  const [, embedding] = tensors.find(([name]) => name === EMBEDDING) ?? [];
  if (embedding === undefined) throw new Error(`there is no ${EMBEDDING}`);
  const others = tensors.filter(([name]) => name !== EMBEDDING);
  const own = { ...embedding, bytes: new Uint8Array(embedding.bytes.length) };
  const warned: string[] = [];
  const warn = ({ code }: { readonly code: string }): unknown => warned.push(code);
  opened.session.addEventListener('warning', warn);
  const results: object[] = [];
  for (const held of [
    tensors,
    [...others, ['lm_head.weight', embedding] as const],
    [['lm_head.weight', embedding] as const, ...tensors],
    [...tensors, ['lm_head.weight', own] as const],
  ]) {
    const model = await load({
      files: new Map([...files, ['model.safetensors', new Blob([writeSafetensors(held)])]]),
    });
    const { logits } = await model.forward({ input_ids: [[2, 39, 379, 428]] });
    results.push({ logits, isTied: model.config.tie_word_embeddings });
    await model.dispose();
  }
  opened.session.removeEventListener('warning', warn);
  const [expected, ...found] = results as { readonly logits: Tensor; readonly isTied: unknown }[];
  expect(found.slice(0, 2)).toEqual([expected, expected]);
  expect(expected?.isTied).toBe(true);
  expect(found[2]?.isTied).toBe(false);
  expect(found[2]?.logits.data.every((logit) => logit === 0)).toBe(true);
  expect(warned).toEqual(['head_not_tied']);
});

test('a folder of 2022, with a pickle, a vocabulary and merges, runs PEFT’s first example of VeRA', async () => {
  const modern = seededFiles(CONFIG);
  const [base, other] = await Promise.all([
    load(await folderOf2022(modern.files.get('model.safetensors') as Blob)),
    load(modern),
  ]);
  const input_ids = [[2, 39, 379, 428]];
  const { logits } = await base.forward({ input_ids });
  expect(logits).toEqual((await other.forward({ input_ids })).logits);

  const model = await get_peft_model(base, new VeraConfig({ r: 128 }));
  expect(model.get_nb_trainable_parameters().trainable).toBe(2 * 2 * (128 + 32));
  const args = { max_steps: 2, per_device_train_batch_size: 1, max_length: 32, learning_rate: 1e-2 };
  const { training_loss } = await new Trainer({
    model,
    args,
    train_dataset: new Blob(['Call me Ishmael. '.repeat(9)]),
  }).train();
  expect(training_loss).toBeGreaterThan(0);
  expect(await model.generate('Call me', { max_new_tokens: 4 })).not.toBe('');
  await base.dispose();
  await other.dispose();
});
