/** The version of this build, which page and worker compare when they connect. A test compares it with package.json. */
export const VERSION = '0.1.0';
