import type { Page } from 'puppeteer-core';

/** Adds up all layout shifts since the page's load, except those that follow a visitor's input. The returned function returns the sum. */
export async function layoutShifts(page: Page): Promise<() => Promise<number>> {
  const sum = await page.evaluateHandle(() => {
    const total = { value: 0 };
    const add = (list: PerformanceObserverEntryList): void => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[])
        if (!entry.hadRecentInput) total.value += entry.value;
    };
    new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });
    return total;
  });
  return () => sum.evaluate(({ value }) => value);
}
