import { reported } from '../../../scripts/browsers/launch.mjs';
import { crashGpu } from './crash';
import { type BrowserName, withPage } from './harness';

export type Report =
  | {
      readonly type: 'log' | 'save' | 'restored' | 'recovered' | 'warning' | 'blocked';
      readonly step: number;
      readonly code?: string;
      readonly message?: string;
      readonly cause?: string;
      readonly repeatedSteps?: number;
    }
  | Done;

export interface Done {
  readonly type: 'done';
  readonly losses: readonly number[];
  readonly files: object;
}

interface Visit {
  /** A folder for the browser's profile. The profile remains between visits. */
  readonly profile?: string;
  /** Returns whether to kill the browser after this report. */
  readonly dies?: (report: Report) => boolean;
  /** Steps after which Chromium's GPU process is crashed. The page reads them from its URL, and pauses its run until the crash. */
  readonly crashes?: readonly number[];
  /** The site's storage quota, in bytes. */
  readonly quota?: number;
}

/** Opens the page, waits until it is done or its browser is killed, and returns its reports. */
export function visit(
  name: BrowserName,
  url: string,
  page: string,
  { profile, dies, crashes = [], quota }: Visit = {},
): Promise<Report[]> {
  return withPage(
    name,
    url,
    async ({ page: opened, kill }) => {
      const reports: Report[] = [];
      const ahead = [...crashes];
      let isDead = false;
      const address = new URL(`${url}/pages/${page}`);
      if (crashes.length > 0) address.searchParams.set('crashes', crashes.join());
      if (quota !== undefined) {
        const browser = await opened.createCDPSession();
        await browser.send('Storage.overrideQuotaForOrigin', { origin: url, quotaSize: quota });
      }
      return reported(opened, address.href, async (report: Report) => {
        if (isDead) return reports; // the run may report more before its browser is killed
        reports.push(report);
        isDead = dies?.(report) === true;
        if (isDead) kill();
        if (report.type === 'log' && report.step === ahead[0]) {
          ahead.shift();
          await crashGpu(opened);
        }
        return report.type === 'done' || isDead ? reports : undefined;
      });
    },
    // A browser that is killed, or whose GPU process crashes, is shared with no other test.
    { own: dies !== undefined || crashes.length > 0, ...(profile && { profile }) },
  );
}
