import { findLavapipe } from './browsers.mjs';

/** Lets Dawn in this process find Mesa's software driver alone, and no GPU's. To be called before it is opened. */
export function chooseLavapipe() {
  const driver = findLavapipe();
  if (driver === undefined) return;
  // The loader reads one or the other, by its age.
  process.env.VK_DRIVER_FILES = driver;
  process.env.VK_ICD_FILENAMES = driver;
}
