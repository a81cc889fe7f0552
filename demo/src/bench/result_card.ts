import { announce } from '../page/announcer';
import { showBars } from '../page/bars';
import { byId, create, onClick, setText, show } from '../page/dom';
import { isCopied } from '../page/say_copied';
import {
  deviceText,
  figuresOf,
  kernelRows,
  numbersOf,
  rooflineText,
  speedBars,
  stepInWords,
  timeBars,
} from './figures';
import type { BenchApp } from './state';

/** Shows the last result, and copies it as JSON. */
export function resultCard({ store }: BenchApp): void {
  const [copy, json] = [byId('copy', 'button'), byId('json', 'textarea')];

  onClick(copy, async () => {
    const text = JSON.stringify(store.value.report, null, 2);
    const copied = await isCopied(text);
    json.value = copied ? '' : text;
    show(byId('json-field', 'div'), !copied);
    const words = copied ? 'Copied.' : 'The browser refuses its clipboard: copy the text below.';
    setText(byId('copy-status', 'p'), words);
    announce(words);
    if (!copied) json.select();
  });

  store.watch(({ report }, before) => {
    const figures = report && figuresOf(report);
    copy.disabled = report === undefined;
    if (report === undefined || figures === undefined || report === before.report) return;
    const numbers = byId('numbers', 'dl');
    numbers.replaceChildren(
      ...numbersOf(figures).map(([name, value]) =>
        create('div', {}, create('dt', { textContent: name }), create('dd', { textContent: value })),
      ),
    );
    for (const shown of [numbers, byId('copy-row', 'div')]) show(shown, true);
    setText(byId('words', 'p'), stepInWords(report, figures));
    setText(byId('adapter', 'p'), deviceText(report));
    setText(byId('roofline', 'p'), rooflineText(figures));
    showBars(byId('times', 'ul'), timeBars(figures));
    showBars(byId('speeds', 'ul'), speedBars(figures));
    byId('kernel-rows', 'tbody').replaceChildren(...kernelRows(figures).map(row));
    show(byId('details', 'div'), true);
    show(byId('json-field', 'div'), false);
    setText(byId('copy-status', 'p'), '');
  });
}

function row([name = '', ...cells]: readonly string[]): HTMLTableRowElement {
  const head = create('th', { scope: 'row', textContent: name });
  return create('tr', {}, head, ...cells.map((text) => create('td', { textContent: text })));
}
