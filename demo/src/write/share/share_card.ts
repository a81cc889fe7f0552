import { counted, formatBytes } from '../../../../src/parts/words';
import { ChoiceProblem } from '../../library/choice_problem';
import { bundledModel } from '../../library/model_files';
import { act } from '../../page/act';
import { announce } from '../../page/announcer';
import { byId, create, onClick, setText, show } from '../../page/dom';
import { landOn } from '../../page/focus';
import { isCopied, sayCopied } from '../../page/say_copied';
import type { App } from '../app';
import { canStart } from '../state';
import { ownKey } from '../voices';
import type { SharedVoice } from './shared_voice';

/** Loads the module that encodes and decodes links, at the first link. */
const code = () => import('./voice_files');

/**
 * Copies a link: this page's address, with a voice (an adapter that writes in somebody's style) and the prompt in its fragment. The text
 * from which the voice has learnt isn't in the link. `button`: shows “Copied”. If copying fails, the link appears below the button.
 */
export async function copyLink(app: Pick<App, 'rack'>, id: string, button: HTMLButtonElement): Promise<void> {
  button.parentElement?.querySelector('.link')?.remove(); // the link of an earlier attempt
  const made = linkTo(app, id);
  const hasCopied = await isCopied(made);
  const link = await made;
  if (!hasCopied) return showLink(link, button);
  sayCopied(button);
  announce(
    `The link is copied. It is ${formatBytes(link.length)} long: the voice, its name, and the words of “How it begins”.`,
  );
}

async function linkTo({ rack }: Pick<App, 'rack'>, id: string): Promise<string> {
  const files = await rack.files(id);
  const { sharedFrom, toFragment } = await code();
  const voice = await sharedFrom(files, id, byId('prompt', 'input').value);
  if (voice.base !== bundledModel.name)
    throw new ChoiceProblem(`Links hold voices for ${bundledModel.name} alone. Download this one, and share the file.`);
  const address = new URL(location.href);
  address.hash = await toFragment(voice);
  return address.href;
}

/** Shows a link below a button, for the visitor to copy. */
function showLink(link: string, button: HTMLButtonElement): void {
  const input = create('input', { readOnly: true, value: link });
  const label = create('label', {}, 'This browser does not let the page copy. Copy the link from here:', input);
  button.parentElement?.append(create('div', { className: 'field link' }, label));
  input.focus();
  input.select();
}

/** Offers to open the voice (adapter) in the page's address, if it holds one. `write` writes texts with the opened voice. */
export function shareCard(app: App, write: () => Promise<void>): void {
  const { store, rack, models, banner } = app;
  const card = byId('shared', 'section');
  const openButton = byId('shared-open', 'button');
  const refuseButton = byId('shared-refuse', 'button');
  let offered: SharedVoice | undefined;

  const offer = async (): Promise<void> => {
    const { hash } = location;
    offered = undefined;
    try {
      const found = hash === '' ? undefined : await (await code()).fromFragment(hash);
      if (location.hash !== hash) return; // a later link is being read
      offered = found;
      if (offered !== undefined && offered.base !== bundledModel.name)
        throw new ChoiceProblem(`This link holds a voice for another model, “${offered.base}”.`);
    } catch (error) {
      if (location.hash !== hash) return;
      // The page may have lost its connection. Then a reload offers the voice again.
      if (error instanceof ChoiceProblem) close();
      banner.report(error);
    }
    show(card, offered !== undefined);
    if (offered === undefined) return;
    const { name, opening, tensors } = offered;
    const numbers = tensors.reduce((sum, { values }) => sum + values.length, 0);
    setText(byId('shared-name', 'strong'), name);
    setText(byId('shared-facts', 'span'), `${counted(numbers, 'number')}, for the model ${bundledModel.name}`);
    setText(byId('shared-opening', 'q'), opening);
    show(byId('shared-begins', 'p'), opening.trim() !== '');
    card.scrollIntoView({ block: 'nearest' });
  };
  /** Hides the offer, and removes the voice from the page's address, so that a reload doesn't offer it again. */
  const close = (): void => {
    offered = undefined;
    show(card, false);
    history.replaceState(null, '', location.pathname + location.search);
  };

  /** Opens the offered voice. Resolves with false if the voice was not opened. */
  const open = async (): Promise<boolean> => {
    const voice = offered;
    if (voice === undefined) return false;
    const { name, opening } = voice;
    // If the visitor refuses, because unsaved voices would be lost, the offer stays.
    if (store.value.source.name !== bundledModel.name) await models.load(bundledModel);
    const id = await rack.freeName(name);
    if (offered !== voice) return false; // the visitor refused the voice or opened another link
    refuseButton.disabled = true;
    try {
      await rack.import((await code()).filesFrom(voice), id);
    } finally {
      refuseButton.disabled = false;
    }
    if (offered === voice) close();
    store.set({ voice: ownKey(id) });
    if (opening.trim() !== '') byId('prompt', 'input').value = opening;
    announce(`${id} is opened.`);
    return true;
  };
  onClick(openButton, async () => {
    let isOpen = false;
    await act(app, async () => {
      isOpen = await open();
    });
    if (!isOpen) return;
    landOn(byId('write', 'button')); // the button is hidden now
    await write();
  });
  onClick(refuseButton, () => {
    close();
    byId('prompt', 'input').focus();
  });
  window.addEventListener('hashchange', () => void offer());
  store.watch((state) => {
    openButton.disabled = !canStart(state);
  });
  void offer();
}
