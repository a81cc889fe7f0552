import { button } from '../panel_elements';

const SVG = 'http://www.w3.org/2000/svg';
/** The SVG path of a hand with its thumb up, in a viewBox of 24 × 24. */
const HAND =
  'M3.5 10.5h3.2v9H3.5zM6.7 11l3.9-7.4a2.2 2.2 0 0 1 2.8 2.7l-.9 3h5.6a2.2 2.2 0 0 1 2.1 2.7l-1.5 5.8a2.2 2.2 0 0 1-2.1 1.7H6.7';

/** Creates a toggle button with a thumb. `className`: 'down' turns the thumb down. */
export function thumb(text: string, className: string, action: () => unknown): HTMLButtonElement {
  const pressable = button('', action, `thumb ${className}`.trim());
  const [svg, hand] = [document.createElementNS(SVG, 'svg'), document.createElementNS(SVG, 'path')];
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true'); // screen readers read the text of the button
  hand.setAttribute('d', HAND);
  svg.append(hand);
  pressable.append(svg, text);
  setPressed(pressable, false);
  return pressable;
}

export function setPressed(pressable: HTMLButtonElement, isPressed: boolean): void {
  pressable.setAttribute('aria-pressed', String(isPressed));
}
