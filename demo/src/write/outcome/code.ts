/** A folder's name that needs no quoting in a shell or in a string of Python or JavaScript. */
export function folderName(id: string): string {
  return id.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+|-+$/g, '') || 'voice';
}

/** Lines of Python that open a downloaded voice by PEFT. `model`: the base model's folder. */
export function pythonFor(id: string, model: string): string {
  return `from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("${folderName(model)}")
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("${folderName(model)}"), "${folderName(id)}")
print(tokenizer.decode(model.generate(**tokenizer("It was", return_tensors="pt"), max_new_tokens=40, do_sample=True)[0]))`;
}

/** HTML that lets a page write in a downloaded voice. */
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

/** A tag that learns from each visitor of a page, as the demo's page does. */
export function tagFor(model: string): string {
  return `<script src="./webvera/embed.js" defer></script>
<web-vera model="./${folderName(model)}/" r="64"></web-vera>`;
}
