import uPlot from 'uplot';
import { byId } from '../page/dom';

/** A chart of the loss of each step, and of the smoothed loss. */
export class LossChart {
  readonly #root = byId('chart', 'div');
  readonly #steps: number[] = [];
  readonly #losses: number[] = [];
  readonly #smoothed: number[] = [];
  #maxSteps = 1;
  #plot: uPlot;
  #frame = 0;

  /** Creates the plot at once, because a new canvas has to wait for the GPU process while kernels compile. */
  constructor() {
    this.#plot = this.#newPlot();
    new ResizeObserver(() => this.#plot.setSize(this.#size())).observe(this.#root);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#plot.destroy();
      this.#plot = this.#newPlot();
    });
  }

  begin(maxSteps: number): void {
    this.#maxSteps = maxSteps;
    this.#root.classList.remove('waiting');
    for (const values of [this.#steps, this.#losses, this.#smoothed]) values.length = 0;
    this.#drawSoon();
  }

  add(step: number, loss: number, smoothed: number): void {
    this.#steps.push(step);
    this.#losses.push(loss);
    this.#smoothed.push(smoothed);
    this.#drawSoon();
  }

  /** Draws at most once per frame, and not in the click that starts a run, which has enough to do. */
  #drawSoon(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#plot.setData(this.#data());
    });
  }

  #newPlot(): uPlot {
    return new uPlot(this.#options(), this.#data(), this.#root);
  }

  #data(): uPlot.AlignedData {
    return [this.#steps, this.#losses, this.#smoothed];
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
    return {
      ...this.#size(),
      legend: { show: false },
      cursor: { show: false },
      padding: [12, 12, 0, 0],
      scales: {
        x: { time: false, range: () => [1, Math.max(2, this.#maxSteps)] },
        y: { range: (_, low, high) => (low === null ? [0, 1] : paddedRange(low, high)) },
      },
      axes: [
        { ...axis, size: 34, incrs: [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] },
        { ...axis, size: 46 },
      ],
      series: [
        {},
        { label: 'each step', stroke: colour('--chart-raw'), width: 1.25, points: { show: false } },
        { label: 'smoothed', stroke: colour('--accent'), width: 2.5, points: { show: false } },
      ],
    };
  }
}

function paddedRange(low: number, high: number): [number, number] {
  const room = Math.max(0.05, (high - low) * 0.1);
  return [Math.max(0, low - room), high + room];
}
