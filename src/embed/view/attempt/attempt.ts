import type { Generation, GenerationConfig } from '../../../index';
import { button, buttons, create, field, setText, show, stack } from '../panel_elements';
import { type Actions, type Announce, firstUsable, type Region } from '../region';
import { Opinion } from './opinion';

/** The sampling settings: text should vary, but still make sense. */
const SAMPLING: GenerationConfig = { max_new_tokens: 80, do_sample: true, temperature: 0.8, top_k: 50 };

/** Creates the region in which the model continues a visitor's text. */
export function attemptRegion(
  generate: (prompt: string, config: GenerationConfig) => Generation,
  announce: Announce,
  actions: Pick<Actions, 'rate' | 'correct' | 'learn'>,
): Region {
  let writing: AbortController | undefined;
  const { root: promptRow, input: prompt } = field('prompt', 'How it begins', { rows: 2 });
  const output = create('p', { className: 'output', lang: '', dir: 'auto', attributes: { part: 'output' } });
  const opinion = new Opinion({
    actions,
    announce,
    onOwn: (text) => output.lastChild?.replaceWith(text),
  });
  const write = button('Write', () => begin(), 'primary');
  const stop = button('Stop', () => writing?.abort());
  const showAll = (): void => {
    show(write, writing === undefined);
    show(stop, writing !== undefined);
    show(output, output.hasChildNodes());
    output.setAttribute('aria-busy', String(writing !== undefined));
    setText(write, output.hasChildNodes() ? 'Write again' : 'Write');
    write.disabled = prompt.value.trim() === '';
  };
  const begin = async (): Promise<void> => {
    const given = prompt.value;
    const current = new AbortController();
    writing = current;
    const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
    const written = document.createTextNode('');
    output.replaceChildren(create('span', { className: 'given' }, given), written);
    opinion.about(undefined);
    showAll();
    stop.focus();
    const truncated = await writeInto(written, generate(given, { ...SAMPLING, seed, signal: current.signal }));
    if (writing !== current) return; // the profile was forgotten or replaced meanwhile
    writing = undefined;
    if (written.data.trim() !== '') {
      announce(`Written: ${written.data}`);
      opinion.about({ prompt: given, completion: written.data, truncated });
    }
    const hadFocus = isFocused(stop);
    showAll();
    if (hadFocus) write.focus();
  };
  prompt.addEventListener('input', showAll);
  showAll();
  return {
    root: stack('attempt', create('h3', {}, 'Try'), promptRow, buttons(write, stop), output, opinion.root),
    update(shown) {
      const { learner, isGone } = shown;
      opinion.update(shown);
      if (isGone || learner.visit?.model === undefined) writing?.abort();
      if (isGone) {
        writing = undefined;
        output.replaceChildren();
      }
      showAll();
    },
    landing: () => opinion.landing() ?? firstUsable(stop, write, prompt),
    close: () => writing?.abort(),
  };
}

/** Shows a text as it is generated. Resolves with whether the text is cut off before its end. */
async function writeInto(shown: Text, generation: Generation): Promise<boolean> {
  let isWhole = false;
  try {
    for await (const { text, end } of generation) {
      shown.data += text;
      isWhole = end === 'stop';
    }
  } catch {
    // The panel shows the error.
  }
  return !isWhole;
}

function isFocused(element: HTMLElement): boolean {
  return (element.getRootNode() as ShadowRoot).activeElement === element;
}
