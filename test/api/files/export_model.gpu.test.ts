import { expect, test } from 'vitest';
import { AutoModelForCausalLM, AutoModelForSequenceClassification } from '../../../src/index';
import { goldenBase } from '../../helpers/golden/golden';
import { smallWriter } from '../../helpers/models/small_writer';
import { within } from '../../helpers/session/session';

const TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}";

/** A language model's folder, with the small files that chat models have and a file of no use. */
function writerFiles(): Map<string, Blob> {
  const files = smallWriter();
  files.set('chat_template.jinja', new Blob([TEMPLATE]));
  files.set('generation_config.json', new Blob([JSON.stringify({ eos_token_id: [0, 5] })]));
  files.set('README.md', new Blob(['for people']));
  return files;
}

test("the folder has the original one's small files, unchanged", async () => {
  await within({}, async ({ session }) => {
    const files = writerFiles();
    const model = await AutoModelForCausalLM.from_pretrained({ files }, { session });
    const folder = await model.export_model();
    const names = ['chat_template.jinja', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json'];
    expect([...folder.keys()].sort()).toEqual([...names, 'config.json', 'model.safetensors'].sort());
    for (const name of names) expect(await folder.get(name)?.text(), name).toBe(await files.get(name)?.text());
    const again = await AutoModelForCausalLM.from_pretrained({ files: folder }, { session });
    const chat = [{ role: 'user', content: 'It was' }] as const;
    expect(await again.generate(chat, { max_new_tokens: 4 })).toBe(await model.generate(chat, { max_new_tokens: 4 }));
  });
});

test('a classifier on pooled vectors has the Python of its class', async () => {
  await within({}, async ({ session }) => {
    const options = { session, pooling: 'mean' } as const;
    const model = await AutoModelForSequenceClassification.from_pretrained(goldenBase('base/bert'), options);
    const folder = await model.export_model();
    expect(await folder.get('pooled_classifier.py')?.text()).toMatch(/^def pooled_model\(/m);
  });
});

test("a class of transformers that pools comes without Python, and with the original's config.json", async () => {
  await within({}, async ({ session }) => {
    const base = goldenBase('base/modernbert');
    const model = await AutoModelForSequenceClassification.from_pretrained(base, { session });
    const folder = await model.export_model();
    expect([...folder.keys()].sort()).toEqual(['config.json', 'model.safetensors']);
    expect(await folder.get('config.json')?.text()).toBe(await base.files.get('config.json')?.text());
  });
});

test('files that a server no longer has are named by one warning, and all others are written', async () => {
  const files = writerFiles();
  const statuses = new Map<string, number>();
  const asked: string[] = [];
  const fetch = async (input: unknown): Promise<Response> => {
    const name = String(input).split('/').at(-1) ?? '';
    asked.push(name);
    const status = statuses.get(name) ?? (files.has(name) ? 200 : 404);
    return new Response(status === 200 ? files.get(name) : null, { status });
  };
  await within({ fetch }, async ({ session }) => {
    const warnings: string[] = [];
    session.addEventListener('warning', ({ code, message }) => warnings.push(`${code}: ${message}`));
    const model = await AutoModelForCausalLM.from_pretrained(new URL('https://models.example/small/'), { session });
    statuses.set('tokenizer.json', 404).set('tokenizer_config.json', 401);
    const folder = await model.export_model();
    expect([...folder.keys()].sort()).toEqual([
      'chat_template.jinja',
      'config.json',
      'generation_config.json',
      'model.safetensors',
    ]);
    expect(warnings).toEqual([
      expect.stringMatching(/^files_not_copied: .*tokenizer(_config)?\.json, tokenizer(_config)?\.json /),
    ]);
    expect(asked).not.toContain('preprocessor_config.json');
  });
});
