/** Makes a folder's name that needs no quoting in a shell, and no escaping in a string of Python or JavaScript. */
export function folderName(id: string): string {
  return id.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+|-+$/g, '') || 'voice';
}

/** Returns lines of Python that load a downloaded voice (an adapter) with PEFT. `model`: the base model's name. */
export function pythonFor(id: string, model: string): string {
  return `from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("${folderName(model)}")
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("${folderName(model)}"), "${folderName(id)}")
print(tokenizer.decode(model.generate(**tokenizer("It was", return_tensors="pt"), max_new_tokens=40, do_sample=True)[0]))`;
}

/** Returns HTML for a page that writes texts with a downloaded voice. */
export function pageFor(id: string, model: string): string {
  return `<p id="written"></p>
<script type="module">
  import { AutoModelForCausalLM, PeftModel } from './webvera/webvera.js';
  const base = await AutoModelForCausalLM.from_pretrained('./${folderName(model)}/');
  const voice = await PeftModel.from_pretrained(base, './${folderName(id)}/');
  const words = voice.generate('It was', { max_new_tokens: 40, do_sample: true });
  for await (const { text } of words) document.getElementById('written').append(text);
</script>`;
}

/** Returns HTML with a `<web-vera>` element, which learns from each visitor of a page. */
export function tagFor(model: string): string {
  return `<script src="./webvera/embed.js" defer></script>
<web-vera model="./${folderName(model)}/" r="64"></web-vera>`;
}
