// Renders a conversation with the library as a module, or with embed.js if the URL ends with #tag. Reports the results of a
// harmless template, a hostile one, the harmless one again, and the harmless one in a sealed session. This needs no GPU.
import { loadLibrary } from '../../../../scripts/page/library.js';
import { modelUrl } from '../lib/prose.js';

const { AutoTokenizer, Session } = location.hash === '#tag' ? await loadTag() : await loadLibrary();
const session = await Session.open();
const json = await (await fetch(new URL('tokenizer.json', modelUrl))).blob();
const messages = [{ role: 'user', content: 'Who is Ahab?' }];

const polite = await tokenizerOf(
  "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{{ eos_token }}{% endfor %}",
);
const hostile = await tokenizerOf(
  '{% for i in range(60000) %}{% for j in range(60000) %}{{ j }}{% endfor %}{% endfor %}',
);
const first = await polite.apply_chat_template(messages, { tokenize: false });
const ids = await polite.apply_chat_template(messages);
const same = (await polite.encode(first, { add_special_tokens: false })).join() === ids.join();

let slowest = 0;
const begin = performance.now();
let last = begin;
const frames = setInterval(() => {
  slowest = Math.max(slowest, performance.now() - last);
  last = performance.now();
}, 10);
const refused = await hostile.apply_chat_template(messages).catch((error) => error.code);
const took = performance.now() - begin;
clearInterval(frames);

const again = await polite.apply_chat_template(messages, { tokenize: false });
await session.seal();
await fetch('/pages/lib/prose.js?sealed');
const sealed = await polite.apply_chat_template(messages, { tokenize: false });
await session.close();
window.report({ first, same, refused, took, slowest, again, sealed });

/** @param {string} template */
function tokenizerOf(template) {
  const files = new Map([
    ['tokenizer.json', json],
    ['tokenizer_config.json', new Blob([JSON.stringify({ eos_token: '</s>', chat_template: template })])],
  ]);
  return AutoTokenizer.from_pretrained({ files }, { session });
}

/** @returns {Promise<typeof import('../../../../src/index')>} */
async function loadTag() {
  const script = document.createElement('script');
  const { trustedTypes } = /** @type {{ trustedTypes?: { createPolicy: Function } }} */ (globalThis);
  const policy = trustedTypes?.createPolicy('page', { createScriptURL: (/** @type {string} */ own) => own });
  script.src = policy?.createScriptURL('/dist/embed.js') ?? '/dist/embed.js';
  await new Promise((resolve) => {
    script.addEventListener('load', resolve);
    document.head.append(script);
  });
  return /** @type {{ WebVera: typeof import('../../../../src/index') }} */ (/** @type {unknown} */ (window)).WebVera;
}
