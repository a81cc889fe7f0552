import uPlot from 'uplot';
import { byId } from '../../page/dom';
import { aligned, CurvePoints } from './curve_points';

/** A chart of the perplexity on the held-out part of the text, drawn over the noisy perplexity of each step. */
export class Curve {
  readonly #root = byId('curve', 'div');
  readonly #heldOut = new CurvePoints();
  readonly #steps = new CurvePoints();
  #maxSteps = 1;
  #plot: uPlot | undefined;
  #frame = 0;

  constructor() {
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.#root);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      if (this.#plot === undefined) return;
      this.#plot.destroy();
      this.#plot = this.#newPlot();
    });
  }

  begin(maxSteps: number): void {
    this.#maxSteps = maxSteps;
    this.#heldOut.clear();
    this.#steps.clear();
    this.#drawSoon();
  }

  addHeldOut(step: number, choices: number): void {
    this.#heldOut.add(step, choices);
    this.#drawSoon();
  }

  addStep(step: number, choices: number): void {
    this.#steps.add(step, choices);
    this.#drawSoon();
  }

  /** Draws in the next frame, at most once per frame. The click that starts a run does much other work, so it doesn't draw. */
  #drawSoon(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#plot ??= this.#newPlot();
      this.#plot.setData(this.#data());
    });
  }

  #newPlot(): uPlot {
    return new uPlot(this.#options(), this.#data(), this.#root);
  }

  #data(): uPlot.AlignedData {
    const { width } = this.#size();
    return aligned(this.#steps.thinned(width), this.#heldOut.thinned(width));
  }

  #size(): { width: number; height: number } {
    const { clientWidth, clientHeight } = this.#root;
    return { width: Math.max(200, clientWidth), height: Math.max(160, clientHeight) };
  }

  #options(): uPlot.Options {
    const style = getComputedStyle(this.#root);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const axis: uPlot.Axis = {
      stroke: colour('--muted'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1, size: 4 },
      font: `12px ${style.fontFamily}`,
      gap: 6,
    };
    const thin = { stroke: colour('--chart-noise'), width: 1.25, points: { show: false }, spanGaps: true };
    const accent = colour('--accent');
    return {
      ...this.#size(),
      legend: { show: false },
      cursor: { show: false },
      padding: [12, 16, 0, 0],
      scales: {
        x: { time: false, range: () => [0, Math.max(2, this.#maxSteps)] },
        y: { range: () => this.#range() },
      },
      axes: [
        { ...axis, size: 34, incrs: [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] },
        { ...axis, size: 46 },
      ],
      series: [
        {},
        { label: 'each step', ...thin },
        { label: 'held out', stroke: accent, width: 3, spanGaps: true, points: { show: true, size: 7, fill: accent } },
      ],
    };
  }

  /** Returns a vertical range with room around the curve of the held-out part. Outliers of single steps may lie outside. */
  #range(): [number, number] {
    if (this.#heldOut.isEmpty) return [0, Math.max(1, this.#steps.range[1])];
    const [low, high] = this.#heldOut.range;
    return [Math.max(0, low - Math.max(0.4 * (high - low), 0.15 * low)), high * 1.15];
  }
}
