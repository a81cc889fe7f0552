/** Milliseconds between two pictures while the button is held. */
const PACE = 150;

/**
 * Calls `take` when a pointer, Enter or Space presses the button, and again while the button is held and `take` resolves with true. `take`
 * must not reject.
 */
export function whileHeld(button: HTMLButtonElement, take: () => Promise<boolean>): void {
  let isHeld = false;
  /** Counts presses, so that the loop of an earlier press ends. */
  let presses = 0;
  const begin = async (): Promise<void> => {
    if (isHeld || button.disabled) return;
    const mine = ++presses;
    const goesOn = (): boolean => isHeld && mine === presses;
    isHeld = true;
    button.dataset.held = '';
    while (goesOn() && (await take())) await new Promise((resolve) => setTimeout(resolve, PACE));
    if (goesOn()) end();
  };
  const end = (): void => {
    isHeld = false;
    delete button.dataset.held;
  };
  button.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    void begin();
  });
  button.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    if (!event.repeat) void begin();
  });
  // A click without a pointer or key, as by a screen reader, takes one picture.
  button.addEventListener('click', (event) => {
    if (event.detail === 0 && !isHeld) void take();
  });
  button.addEventListener('keyup', (event) => {
    if (event.key === ' ') event.preventDefault(); // some browsers click then
  });
  for (const over of ['pointerup', 'pointercancel', 'keyup', 'blur'] as const) button.addEventListener(over, end);
  button.addEventListener('contextmenu', (event) => event.preventDefault());
}
