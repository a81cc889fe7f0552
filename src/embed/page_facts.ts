/** The facts about a page's browser that one of its elements has met, for all of them. */
export class PageFacts {
  /** Whether the GPU was lost or blocked, and no model has been loaded since. */
  hasLostGpu = false;
}
