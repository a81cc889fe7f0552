// Loads a model from a server that the Content Security Policy doesn't allow, and reports the error.
import { loadLibrary } from '../../../../scripts/page/library.js';

const { AutoModelForCausalLM } = await loadLibrary();
const source = new URL('https://models.invalid/mine/');
const { code, message, hint } = await AutoModelForCausalLM.from_pretrained(source).catch((error) => error);
window.report({ code, message, hint });
