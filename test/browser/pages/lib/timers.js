/** Measures how long this page's main thread is blocked. `stop()` returns the longest time, in milliseconds. */
export function watchTimers() {
  let last = performance.now();
  let longest = 0;
  const tick = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(tick, 10);
  return {
    stop() {
      clearInterval(timer);
      tick();
      return longest;
    },
  };
}
