import type { Drawable } from '../../../src/parts/pictures';
import { create, newButton } from '../page/dom';
import { contextOf } from './picture';

const SIDE = 224;
const PEN = 14;
/** Pixels by which an arrow key moves the pen. */
const STEP = 12;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-STEP, 0],
  ArrowRight: [STEP, 0],
  ArrowUp: [0, -STEP],
  ArrowDown: [0, STEP],
};
const LABEL = 'Drawing board: draw with the pointer or the arrow keys; with Shift, they only move the pen';

/** Draws a line through points. */
export function drawLine(
  context: CanvasRenderingContext2D,
  width: number,
  way: readonly (readonly [number, number])[],
) {
  const [[x, y] = [0, 0], ...rest] = way;
  Object.assign(context, { lineWidth: width, lineCap: 'round', lineJoin: 'round', strokeStyle: '#1d2125' });
  context.beginPath();
  context.moveTo(x, y);
  for (const [nextX, nextY] of rest.length === 0 ? [[x, y] as const] : rest) context.lineTo(nextX, nextY);
  context.stroke();
}

/** A board to draw on, white in every colour scheme. */
export class Drawing {
  readonly #canvas = create('canvas', { className: 'view board', width: SIDE, height: SIDE, tabIndex: 0 });
  readonly #context = contextOf(this.#canvas);
  readonly root = create(
    'div',
    { className: 'drawing' },
    this.#canvas,
    newButton('Clear', () => this.clear()),
  );
  readonly #onDrawn: () => void;
  #pen: readonly [number, number] = [SIDE / 2, SIDE / 2];
  #isEmpty = true;

  constructor(onDrawn: () => void = () => {}) {
    this.#onDrawn = onDrawn;
    this.#canvas.setAttribute('role', 'application');
    this.#canvas.setAttribute('aria-label', LABEL);
    this.#canvas.addEventListener('pointerdown', (event) => {
      this.#canvas.setPointerCapture(event.pointerId);
      this.#pen = this.#placeOf(event);
      this.#draw([this.#pen]);
    });
    this.#canvas.addEventListener('pointermove', (event) => {
      if (this.#canvas.hasPointerCapture(event.pointerId)) this.#draw([this.#pen, this.#placeOf(event)]);
    });
    this.#canvas.addEventListener('keydown', (event) => {
      const arrow = ARROWS[event.key];
      if (arrow === undefined) return;
      event.preventDefault();
      const to = [within(this.#pen[0] + arrow[0]), within(this.#pen[1] + arrow[1])] as const;
      if (event.shiftKey) this.#pen = to;
      else this.#draw([this.#pen, to]);
    });
    this.#fill();
  }

  /** The drawing; undefined while the board is empty. */
  picture(): Drawable | undefined {
    return this.#isEmpty ? undefined : { source: this.#canvas, width: SIDE, height: SIDE };
  }

  focus(): void {
    this.#canvas.focus({ preventScroll: true });
  }

  clear(): void {
    this.#fill();
    this.#isEmpty = true;
    this.#onDrawn();
  }

  #fill(): void {
    this.#context.fillStyle = '#fff';
    this.#context.fillRect(0, 0, SIDE, SIDE);
  }

  #draw(way: readonly (readonly [number, number])[]): void {
    drawLine(this.#context, PEN, way);
    this.#pen = way.at(-1) ?? this.#pen;
    this.#isEmpty = false;
    this.#onDrawn();
  }

  #placeOf({ offsetX, offsetY }: PointerEvent): readonly [number, number] {
    const { clientWidth, clientHeight } = this.#canvas;
    return [(SIDE * offsetX) / clientWidth, (SIDE * offsetY) / clientHeight];
  }
}

function within(place: number): number {
  return Math.min(SIDE, Math.max(0, place));
}
