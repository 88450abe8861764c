// Somebody who reads the page in a browser. Nothing may leave the origin, and nothing may be said in the console.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const require = createRequire(resolve(process.env.PAGE_TOOLS ?? 'target/node', 'package.json'));
const { chromium } = require('playwright-core');

const AXE = await readFile(require.resolve('axe-core/axe.min.js'), 'utf8');
/** What Chromium says of every request that fails. */
const UNANSWERED = /Failed to load resource|net::ERR_/;

/**
 * Opens the page as somebody with these preferences (playwright's `BrowserContextOptions`) sees it.
 * `url`: where it is, if not where the service is. `outages`: whether requests may fail.
 */
export async function reader(service, { url = service.origin, outages = false, ...preferences } = {}) {
  const browser = await chromium.launch({
    executablePath: process.env.PAGE_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  const complaints = [];
  service.endings.push(async () => {
    await browser.close();
    assert.deepEqual(complaints, []);
  });
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', ...preferences });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const origins = [service.origin, new URL(url).origin];
  page.on('request', (it) => {
    const { protocol, origin } = new URL(it.url());
    if (protocol !== 'data:' && !origins.includes(origin)) complaints.push(`asked ${it.url()}`);
  });
  page.on('pageerror', (it) => complaints.push(`threw ${it.stack}`));
  page.on('dialog', (it) => {
    complaints.push(`said ${it.message()}`);
    void it.dismiss();
  });
  page.on('console', (it) => {
    if (!['error', 'warning'].includes(it.type())) return;
    if (!outages || !UNANSWERED.test(it.text())) complaints.push(it.text());
  });
  await page.goto(url);
  return page;
}

/** Waits until an element says it. */
export async function says(page, selector, text) {
  await page.locator(selector).filter({ hasText: text, visible: true }).first().waitFor();
}

/** Waits until there is nothing of that on the page. */
export async function gone(page, selector) {
  await page.locator(selector).first().waitFor({ state: 'hidden' });
}

/** Waits until the page follows the stream. */
export async function live(page) {
  await page.locator('#connection[data-state=live]').waitFor();
}

/** What axe-core finds that keeps people from using the page. */
export async function barriers(page) {
  // Not as a script element, which the page's own policy would refuse.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  const serious = violations.filter((it) => ['serious', 'critical'].includes(it.impact));
  return serious.flatMap(({ id, nodes }) => nodes.map((it) => `${id}: ${it.target} ${it.failureSummary}`));
}
