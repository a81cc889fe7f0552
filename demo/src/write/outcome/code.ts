import type { NamedSource } from '../../library/model_files';

/** The model that a voice was trained on. */
export type VoiceModel = Pick<NamedSource, 'name' | 'gguf_file'>;

/** Makes a folder's name that needs no quoting in a shell, and no escaping in a string of Python or JavaScript. */
export function folderName(id: string): string {
  return id.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+|-+$/g, '') || 'voice';
}

/**
 * Returns lines of Python that load a downloaded voice (an adapter) with PEFT. They expect the base model in the current folder: a GGUF
 * file, or a folder of its own.
 */
export function pythonFor(id: string, { name, gguf_file }: VoiceModel): string {
  const isFile = gguf_file !== undefined;
  const model = isFile ? `".", gguf_file=${quoted(gguf_file)}` : `"${folderName(name)}"`;
  return `${isFile ? '# pip install gguf\n' : ''}from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained(${model})
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(${model}), "${folderName(id)}")
print(tokenizer.decode(model.generate(**tokenizer("It was", return_tensors="pt"), max_new_tokens=40, do_sample=True)[0]))`;
}

/** Returns HTML for a page that writes texts with a downloaded voice. */
export function pageFor(id: string, { name, gguf_file }: VoiceModel): string {
  const model = gguf_file === undefined ? `'./${folderName(name)}/'` : `'./', { gguf_file: ${quoted(gguf_file)} }`;
  return `<p id="written"></p>
<script type="module">
  import { AutoModelForCausalLM, PeftModel } from './webvera/webvera.js';
  const base = await AutoModelForCausalLM.from_pretrained(${model});
  const voice = await PeftModel.from_pretrained(base, './${folderName(id)}/');
  const words = voice.generate('It was', { max_new_tokens: 40, do_sample: true });
  for await (const { text } of words) document.getElementById('written').append(text);
</script>`;
}

/**
 * Returns HTML with a `<web-vera>` element, which learns from each visitor of a page. Returns undefined for a GGUF file, because the
 * element can't load one.
 */
export function tagFor({ name, gguf_file }: VoiceModel): string | undefined {
  if (gguf_file !== undefined) return undefined;
  return `<script src="./webvera/embed.js" defer></script>
<web-vera model="./${folderName(name)}/" r="64"></web-vera>`;
}

/** Quotes a text for Python and for a script in a page. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('<', '\\u003c');
}
