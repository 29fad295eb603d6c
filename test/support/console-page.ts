import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findChromium, missingChromium } from './chromium.js';

/** Pictures of what the tests saw, for people. */
const PICTURES = '.screenshots';
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');

/** `describe` for tests in a browser. Without one they are skipped, and listed at the end; REQUIRE_BROWSER=1 fails. */
export function describeInBrowser(name: string, tests: () => void): void {
  const missing = missingChromium();
  if (missing === undefined) describe(name, tests);
  else if (process.env.REQUIRE_BROWSER === '1') {
    describe(name, () => it('has a browser', () => expect(missing).toBeUndefined()));
  } else describe.skip(name, tests);
}

/** The console in a headless browser. */
export class ConsolePage {
  /** Errors of the page, and requests to anywhere else. */
  readonly complaints: string[] = [];

  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
    private readonly url: string,
  ) {
    const complain = (text: string) => this.complaints.push(text);
    page.on('console', (message) => message.type() === 'error' && complain(message.text()));
    page.on('pageerror', ({ message }) => complain(message));
    page.on(
      'request',
      (request) => request.url().startsWith(url) || request.url().startsWith('blob:') || complain(request.url()),
    );
  }

  static async open(managementUrl: string): Promise<ConsolePage> {
    const browser = await chromium.launch({ executablePath: findChromium() as string, args: ['--no-sandbox'] });
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    page.setDefaultTimeout(60_000);
    const opened = new ConsolePage(browser, page, `${managementUrl}/console/`);
    await page.goto(opened.url);
    return opened;
  }

  /** Goes to a view by its link. */
  async view(title: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link', { name: title, exact: true }).click();
    await this.page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor();
  }

  /** Keeps a picture. */
  async picture(name: string): Promise<void> {
    mkdirSync(PICTURES, { recursive: true });
    await this.page.screenshot({ path: `${PICTURES}/${name}.png`, fullPage: true });
  }

  /** Returns the serious and critical faults that axe finds in the view, each with the elements that have it. */
  async faults(): Promise<string[]> {
    // Not as a script of the page, which its policy forbids.
    await this.page.evaluate(AXE);
    const violations = await this.page.evaluate(async () => {
      type Found = { violations: { id: string; impact: string; nodes: { html: string }[] }[] };
      const { axe } = globalThis as unknown as { axe: { run(): Promise<Found> } };
      return (await axe.run()).violations;
    });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}
